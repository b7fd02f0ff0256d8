/** How long and how often (DESIGN, section 10). */
export interface Protocol {
  readonly rounds: number;
  readonly windowMs: number;
  readonly warmUpMs: number;
  /** Whether a restless machine takes a figure away; not where no figure counts. */
  readonly voids: boolean;
}

export const fullProtocol: Protocol = { rounds: 9, windowMs: 3_000, warmUpMs: 5_000, voids: true };
/** Shows that everything runs; too short to mean anything. */
export const quickProtocol: Protocol = { rounds: 2, windowMs: 1_000, warmUpMs: 1_000, voids: false };

export interface Window {
  readonly perSecond: number;
  /** CPU time of the server process per request, in milliseconds; absent where the side is no Node process. */
  readonly cpuMs?: number;
  /** CPU time of PostgreSQL per request, in milliseconds, where it was asked for. */
  readonly postgresMs?: number;
}

/** Runs one side for so many milliseconds. */
export type Side = (ms: number) => Promise<Window>;

export interface Spread {
  readonly median: number;
  readonly least: number;
  readonly most: number;
}

/** Two sides against each other. */
export interface Comparison {
  /** Measured side by reference side, of the windows of one round. */
  readonly ratio: Spread;
  /** The measured side against itself; outside of 0.95 to 1.05 the machine was too restless for the ratio. */
  readonly same: Spread;
  readonly isVoid: boolean;
  readonly measured: Spread;
  readonly reference: Spread;
  /** Median CPU time per request in milliseconds. */
  readonly cpuMs: number | undefined;
  readonly referenceCpuMs: number | undefined;
  readonly postgresMs: number | undefined;
  readonly referencePostgresMs: number | undefined;
}

/** Alternates the two sides, each round with the measured side on both sides of the reference. */
export async function compare(protocol: Protocol, measured: Side, reference: Side): Promise<Comparison> {
  await measured(protocol.warmUpMs);
  await reference(protocol.warmUpMs);
  const rounds: { before: Window; reference: Window; after: Window }[] = [];
  for (let round = 0; round < protocol.rounds; round += 1)
    rounds.push({
      before: await measured(protocol.windowMs),
      reference: await reference(protocol.windowMs),
      after: await measured(protocol.windowMs),
    });
  const same = spreadOf(rounds.map(({ before, after }) => after.perSecond / before.perSecond));
  return {
    ratio: spreadOf(rounds.map((round) => round.before.perSecond / round.reference.perSecond)),
    same,
    isVoid: protocol.voids && (same.median < 0.95 || same.median > 1.05),
    measured: spreadOf(rounds.map(({ before }) => before.perSecond)),
    reference: spreadOf(rounds.map((round) => round.reference.perSecond)),
    cpuMs: medianOf(rounds.map(({ before }) => before.cpuMs)),
    referenceCpuMs: medianOf(rounds.map((round) => round.reference.cpuMs)),
    postgresMs: medianOf(rounds.map(({ before }) => before.postgresMs)),
    referencePostgresMs: medianOf(rounds.map((round) => round.reference.postgresMs)),
  };
}

export function spreadOf(values: readonly number[]): Spread {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = (sorted.length - 1) / 2;
  const median = (sorted[Math.floor(middle)]! + sorted[Math.ceil(middle)]!) / 2;
  return { median, least: sorted[0]!, most: sorted.at(-1)! };
}

function medianOf(values: readonly (number | undefined)[]): number | undefined {
  const known = values.filter((value) => value !== undefined);
  return known.length === 0 ? undefined : spreadOf(known).median;
}
