import { findViolations, RETURNED, type Violation } from '../support/invariants.ts';
import type { Snapshot } from '../support/snapshot.ts';
import type { LedgerPayment } from '../support/world.ts';
import type { Answer, Asked } from './history.ts';
import { traits, type Provider } from './providers.ts';

/** A payment in the books of its provider. */
export interface Books extends LedgerPayment {
  readonly provider: string;
}

/** What is known when a run has come to rest. */
export interface Evidence {
  readonly asked: readonly Asked[];
  readonly snapshot: Snapshot;
  readonly ledger: readonly Books[];
  /** The refund ids of the public schema, in the database's. */
  readonly rowIdOf: (publicId: string) => string;
}

/** All that a run shows to be wrong, by invariant. Empty: nothing. */
export function check(evidence: Evidence): Violation[] {
  const { snapshot } = evidence;
  const ledger = visible(evidence.ledger);
  return [
    ...findViolations(snapshot, ledger, { quiet: true }),
    ...nobodys(snapshot, ledger),
    ...nothingUnclear(snapshot),
    ...oneRefundPerKey(evidence),
    ...conflictsWithoutEffect(evidence),
    ...acknowledgedIsThere(evidence),
    ...saidToTheEnd(evidence),
    ...nothingTakenBack(snapshot),
    ...holdsReleased(evidence),
  ];
}

/** The books without what no call of the provider tells: refunds of its console, where those are invisible. */
export const visible = (ledger: readonly Books[]): Books[] =>
  ledger.map((payment) => {
    const { externalRefunds } = traits[payment.provider as Provider].capabilities;
    return externalRefunds === 'INVISIBLE'
      ? { ...payment, refunds: payment.refunds.filter(({ origin }) => origin !== 'console') }
      : payment;
  });

/**
 * I3, also where a provider knows no keys: what our own requests returned belongs to one leg each, by its id; to a leg
 * that a person decided without an id, by its amount. What is counted as nobody's is apart.
 */
function nobodys({ payments, legs }: Snapshot, ledger: readonly Books[]): Violation[] {
  const books = new Map(ledger.map((payment) => [payment.reference, payment]));
  return payments.flatMap((payment): Violation[] => {
    const own = legs.filter((leg) => leg.payment_id === payment.id);
    const ids = own.flatMap((leg) => leg.provider_refund_id ?? []);
    const twice = ids.filter((id, index) => ids.indexOf(id) !== index);
    const unnamed = own.filter((leg) => leg.status === 'SUCCEEDED' && leg.provider_refund_id === null);
    const amounts = unnamed.map((leg) => leg.returned_minor);
    const left = (books.get(payment.provider_payment_id)?.refunds ?? [])
      .filter(({ id, origin, status }) => origin === 'api' && RETURNED.has(status) && !ids.includes(id))
      .filter(({ amountMinor }) => {
        const at = amounts.indexOf(BigInt(amountMinor));
        if (at >= 0) amounts.splice(at, 1);
        return at < 0;
      });
    const leftMinor = left.reduce((sum, { amountMinor }) => sum + BigInt(amountMinor), 0n);
    const name = `payment ${payment.provider_payment_id}`;
    return [
      ...twice.map((id): Violation => ({ invariant: 'I3', what: `${name}: two legs have the refund ${id}` })),
      ...(leftMinor > payment.unbound_minor
        ? left.map(({ id }): Violation => ({ invariant: 'I3', what: `${name}: no leg has the refund ${id}` }))
        : []),
      ...amounts.map((minor): Violation => ({
        invariant: 'I2',
        what: `${name}: ${minor} was decided to be returned, and no refund of it is in the provider's books`,
      })),
    ];
  });
}

/** I7: after the faults only what waits for a person is open. */
function nothingUnclear({ legs, operations }: Snapshot): Violation[] {
  const open = new Set(['QUEUED', 'SENDING', 'PENDING', 'UNKNOWN']);
  return [
    ...legs
      .filter((leg) => open.has(leg.status))
      .map((leg): Violation => ({ invariant: 'I7', what: `leg ${leg.id} ended as ${leg.status}` })),
    ...operations
      .filter((operation) => open.has(operation.status))
      .map((each): Violation => ({ invariant: 'I7', what: `operation ${each.id} ended as ${each.status}` })),
  ];
}

interface WithRefund extends Asked {
  readonly answer: Extract<Answer, { kind: 'refund' }>;
}
const isAboutRefund = (asked: Asked): asked is WithRefund => asked.answer.kind === 'refund';
const nameOf = ({ merchant, key }: Asked): string => `${merchant}/${key}`;

/** I4: every answer ever given to a key names the same refund, and the database knows that one. */
function oneRefundPerKey({ asked, snapshot, rowIdOf }: Evidence): Violation[] {
  const stored = new Map(snapshot.keys.map((row) => [`${row.merchant}/${row.key}`, row.refund_id]));
  const ids = Map.groupBy(
    asked.filter(isAboutRefund).filter(({ key }) => key !== undefined),
    nameOf,
  );
  return [...ids].flatMap(([name, all]): Violation[] => {
    const told = [...new Set(all.map(({ answer }) => answer.refund.id))];
    if (told.length > 1)
      return [{ invariant: 'I4', what: `key ${name} was answered with ${told.join(' and ')}` }];
    const kept = stored.get(name);
    return kept === rowIdOf(told[0]!)
      ? []
      : [
          {
            invariant: 'I4',
            what: `key ${name} was answered with ${told[0]}, and belongs to ${kept ?? 'nothing'}`,
          },
        ];
  });
}

/** I4: other content under a used key is refused, and what the key stands for is what was asked for first. */
function conflictsWithoutEffect({ asked, snapshot, rowIdOf }: Evidence): Violation[] {
  const answered = asked
    .filter(
      ({ action, answer }) =>
        action === 'conflict' && (answer.kind === 'refund' || answer.kind === 'outcome'),
    )
    .map((each): Violation => ({
      invariant: 'I4',
      what: `other content under key ${nameOf(each)} took effect`,
    }));
  const amounts = new Map(snapshot.refunds.map((refund) => [refund.id as string, refund.amount_minor]));
  const wrongAmounts = asked.filter(isAboutRefund).flatMap((each): Violation[] => {
    const amount = amounts.get(rowIdOf(each.answer.refund.id));
    const wanted = each.amountMinor ?? each.answer.refund.amountMinor;
    return amount === undefined || amount === BigInt(wanted)
      ? []
      : [{ invariant: 'I4', what: `refund ${each.answer.refund.id} is ${amount}, asked for was ${wanted}` }];
  });
  return [...answered, ...wrongAmounts];
}

/** I8: what was ever answered is there. */
function acknowledgedIsThere({ asked, snapshot, rowIdOf }: Evidence): Violation[] {
  const ids = new Set(snapshot.refunds.map(({ id }) => id as string));
  const lost = new Set(
    asked
      .filter(isAboutRefund)
      .map(({ answer }) => answer.refund.id)
      .filter((id) => !ids.has(rowIdOf(id))),
  );
  return [...lost].map((id) => ({ invariant: 'I8', what: `refund ${id} was acknowledged and is lost` }));
}

/** Rule 4: what was called final stays so, unless a later retry opened it again. */
function saidToTheEnd({ asked, snapshot, rowIdOf }: Evidence): Violation[] {
  const rows = new Map(snapshot.refunds.map((refund) => [refund.id as string, refund]));
  const found = asked.filter(isAboutRefund).flatMap(({ answer: { refund } }) => {
    const row = rows.get(rowIdOf(refund.id));
    if (row === undefined || !refund.isFinal || row.retries !== refund.retries) return [];
    return row.status === refund.status
      ? []
      : [`refund ${refund.id} was ${refund.status}, and is ${row.status}`];
  });
  return [...new Set(found)].map((what) => ({ invariant: 'I5', what }));
}

/** Words that the sandbox makes up when it is told to answer with a status that nobody knows. */
const inventedWords: ReadonlySet<unknown> = new Set(['under_review', 'UNDER_REVIEW', 'reversed']);

/**
 * Rule 4 and I5: this provider never changes its mind, so that whatever left a final state without a caller's retry had
 * been called final wrongly; unless a word that nobody knows had opened it again.
 */
function nothingTakenBack({ events }: Snapshot): Violation[] {
  const final = new Set(['SUCCEEDED', 'FAILED', 'CANCELED', 'REVERSED']);
  return events
    .filter((event) => final.has(event.from_status ?? '') && event.from_status !== event.to_status)
    .filter(({ evidence: { cause } }) => cause !== 'caller' && cause !== 'merge')
    .filter(({ evidence }) => !inventedWords.has(evidence['rawStatus']))
    .map((event) => ({
      invariant: 'I5',
      what: `leg ${event.leg_id} was ${event.from_status} and became ${event.to_status}: ${JSON.stringify(event.evidence)}`,
    }));
}

/** What was answered as released is released in the provider's books. */
function holdsReleased({ asked, ledger }: Evidence): Violation[] {
  const voided = new Set(ledger.filter((payment) => payment.voided).map(({ reference }) => reference));
  const said = asked
    .filter(({ answer }) => answer.kind === 'outcome' && answer.outcome === 'VOIDED')
    .map(({ payment }) => payment!);
  return [...new Set(said)]
    .filter((reference) => !voided.has(reference))
    .map((reference) => ({ invariant: 'I2', what: `hold ${reference} was called released and is not` }));
}
