import type { Shown } from './fault-catalogue.ts';

/** A part that was taken out of a copy once, and the tests that noticed. */
export interface Removal {
  readonly what: string;
  readonly test: Shown;
  readonly how: string;
}

/** A run under chaos that was made, as it was reported. */
export interface ChaosRun {
  readonly seed: number;
  readonly seconds: number;
  readonly refunds: number;
  readonly kills: number;
  readonly stops: number;
  readonly database: number;
  readonly cuts: number;
  readonly providerFaults: number;
  /** How long it took after the faults, and by how much time was moved. */
  readonly settled: string;
  readonly result: string;
}

export const removals: readonly Removal[] = [];

export const chaosRuns: readonly ChaosRun[] = [];
