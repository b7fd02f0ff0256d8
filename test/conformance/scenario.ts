import type { AlertCode } from '../../src/alerts.ts';
import type { Claim } from '../../src/providers/claims.ts';
import type { DeviationKind } from '../../src/providers/provider.ts';
import type { Stage } from './stage.ts';

/** What the provider's books say was returned, in the words of a subject's amounts. */
export type Returned =
  | 'nothing'
  | 'part'
  | 'two parts'
  | 'three parts'
  | 'whole'
  | 'two wholes'
  | 'hundred parts';

/** What a scenario is to come to. What is absent is not compared. */
export interface Outcome {
  /** `status/moneyMovement` of each refund in the answer that made it. */
  readonly answers?: readonly string[];
  /** The same at the end, of each refund in the order in which they were made; absent: none was made. */
  readonly ends?: readonly string[];
  /** Codes of the refusals, in order; absent: none. */
  readonly errors?: readonly string[];
  /** Of `cancelPayment`, in order; absent: none. */
  readonly cancels?: readonly string[];
  /** What else the scenario has seen; absent: nothing. */
  readonly seen?: readonly string[];
  /** For what somebody is called, in order, but for what only lasts too long. */
  readonly alerts?: readonly AlertCode[];
  /** How many calls changed something at the provider. */
  readonly effects?: number;
  /** How many refunds were sent, with or without an effect. */
  readonly sends?: number;
  readonly returned: Returned;
}

/** Rows of the catalogue of faults that depend on what a provider is like. */
// prettier-ignore
export type Row =
  | '2' | '3' | '4' | '5' | '7' | '8' | '9' | '10' | '11' | '12' | '13' | '14' | '15' | '16' | '17' | '18' | '28'
  | 'a' | 'c' | 'd' | 'e' | 'f' | 'g' | 'h' | 'k';

/** One thing that every provider is put through, in the generic words of a stage. */
export interface Scenario {
  readonly name: string;
  /** Rows of the catalogue of faults that it shows at a provider; absent: it is about no fault. */
  readonly rows?: readonly Row[];
  /** What it proves where an adapter declares it. */
  readonly needs?: Claim;
  /** Without this it cannot be met. */
  readonly requires?: Claim;
  /** What happens where an adapter does not declare it; absent: it is not tried there. */
  readonly without?: Outcome;
  /** What it proves besides, where an adapter declares it. */
  readonly proves?: readonly Claim[];
  readonly expects: Outcome;
  /** In which ways a provider may differ. */
  readonly instead?: Readonly<Partial<Record<Exclude<DeviationKind, 'IMPOSSIBLE'>, Outcome>>>;
  readonly does: (stage: Stage) => Promise<void>;
}

export const SUCCEEDED = 'SUCCEEDED/RETURNED';
export const PENDING = 'PENDING/IN_FLIGHT';
export const QUEUED = 'QUEUED/NOT_STARTED';
export const UNKNOWN = 'UNKNOWN/UNCLEAR';
export const REVIEW = 'MANUAL_REVIEW/UNCLEAR';
export const FAILED = 'FAILED/NOT_RETURNED';
export const CANCELED = 'CANCELED/NOT_RETURNED';
export const REVERSED = 'REVERSED/NOT_RETURNED';
