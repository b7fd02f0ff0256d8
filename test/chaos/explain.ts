import type { Snapshot } from '../support/snapshot.ts';
import type { Violation } from '../support/invariants.ts';
import type { Books } from './check.ts';

/** What both sides have of each payment that a violation names: enough to see whose mistake it is. */
export function explain(
  violations: readonly Violation[],
  { payments, legs, events }: Snapshot,
  ledger: readonly Books[],
): string[] {
  const isNamed = (reference: string): boolean =>
    violations.some(({ what }) => what.split(/[ :]/).includes(reference));
  return payments
    .filter((payment) => isNamed(payment.provider_payment_id))
    .flatMap((payment) => [
      `payment ${JSON.stringify(payment, asText)}`,
      ...ledger
        .filter(({ reference }) => reference === payment.provider_payment_id)
        .flatMap(({ refunds }) => refunds.map((refund) => `  theirs ${JSON.stringify(refund)}`)),
      ...legs
        .filter((leg) => leg.payment_id === payment.id)
        .map((leg) => `  ours ${JSON.stringify(leg, asText)}`),
      ...events
        .filter((event) => event.payment_id === payment.id)
        .map(
          ({ leg_id, kind, from_status, to_status, source, evidence }) =>
            `  event ${[leg_id, kind, from_status, to_status, source, JSON.stringify(evidence)].join(' ')}`,
        ),
    ]);
}

const asText = (_name: string, value: unknown): unknown =>
  typeof value === 'bigint' ? value.toString() : value;
