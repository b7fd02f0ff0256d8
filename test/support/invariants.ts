import { bucketOf, findTransition, type TransitionCause } from '../../src/refunds/transitions.ts';
import type { LegStatus } from '../../src/vocabulary.ts';
import type { Snapshot } from './snapshot.ts';
import type { LedgerPayment } from './world.ts';

/** An invariant of RELIABILITY that does not hold, and where. */
export interface Violation {
  readonly invariant: 'I1' | 'I2' | 'I3' | 'I4' | 'I5' | 'I6' | 'I7' | 'I8' | 'I9' | 'I10' | 'I11';
  readonly what: string;
}

export interface Expectations {
  /** Nothing is under way any more: then the provider's books must equal ours (I2). */
  readonly quiet: boolean;
  /** The provider's ids of refunds that stand in its books as succeeded, and whose money came back since. */
  readonly reversed?: ReadonlySet<string>;
}

/** I1 to I7 of every payment of a snapshot, against the provider's own books. Empty: all hold. */
export function findViolations(
  snapshot: Snapshot,
  ledger: readonly LedgerPayment[],
  { quiet, reversed = new Set() }: Expectations,
): Violation[] {
  const books = new Map(ledger.map((payment) => [payment.reference, payment]));
  return [
    ...snapshot.payments.flatMap((payment) => sumsOfPayment(snapshot, payment)),
    ...snapshot.sources.flatMap((source) => sumsOfSource(snapshot, source)),
    ...snapshot.lines.flatMap((line) => sumsOfLine(snapshot, line)),
    ...snapshot.payments.flatMap((payment) => keysUsedTwice(books.get(payment.provider_payment_id))),
    ...oneKeyPerAttempt(snapshot),
    ...snapshot.legs.flatMap((leg) => movesOf(snapshot, leg)),
    ...snapshot.refunds.flatMap((refund) => versionsOf(snapshot, refund)),
    ...nobodyLooks(snapshot),
    ...(quiet ? snapshot.payments.flatMap((p) => otherMoney(snapshot, p, books, reversed)) : []),
  ];
}

type Payment = Snapshot['payments'][number];
type Leg = Snapshot['legs'][number];

export const isOpen = ({ status }: { readonly status: LegStatus }): boolean =>
  bucketOf(status) === 'reserved';
const sum = (amounts: Iterable<bigint>): bigint => [...amounts].reduce((total, each) => total + each, 0n);
const differ = (ours: Record<string, bigint>, counted: Record<string, bigint>): string[] =>
  Object.keys(ours).flatMap((name) =>
    ours[name] === counted[name] ? [] : [`${name} is ${ours[name]}, its legs add up to ${counted[name]}`],
  );

/** I6, I1 of a payment. */
function sumsOfPayment({ legs }: Snapshot, payment: Payment): Violation[] {
  const own = legs.filter((leg) => leg.payment_id === payment.id);
  const reserved = sum(own.filter(isOpen).map((leg) => leg.amount_minor));
  const refunded = sum(own.filter((leg) => leg.status === 'SUCCEEDED').map((leg) => leg.returned_minor));
  const name = `payment ${payment.provider_payment_id}`;
  const found: Violation[] = differ(
    { reserved: payment.reserved_minor, refunded: payment.refunded_minor },
    { reserved, refunded },
  ).map((what) => ({ invariant: 'I6', what: `${name}: ${what}` }));
  if (!payment.overcommitted && refunded + reserved > payment.captured_minor)
    found.push({ invariant: 'I1', what: `${name}: ${refunded} + ${reserved} of ${payment.captured_minor}` });
  return found;
}

/** A leg of one share may have returned another amount than was asked for. */
const returnedOf = (share: Snapshot['shares'][number], leg: Leg): bigint =>
  leg.returned_minor === leg.amount_minor ? share.amount_minor : leg.returned_minor;

/** I6, I1 of a seller's share and commission. */
function sumsOfSource({ legs, shares }: Snapshot, source: Snapshot['sources'][number]): Violation[] {
  const legOf = new Map(legs.map((leg) => [leg.id, leg]));
  const own = shares.filter((share) => share.source_id === source.id);
  const counted = (fits: (leg: Leg) => boolean) => own.filter((share) => fits(legOf.get(share.leg_id)!));
  const fees = (rows: typeof own) => sum(rows.map((share) => share.platform_fee_minor ?? 0n));
  const open = counted(isOpen);
  const done = counted((leg) => leg.status === 'SUCCEEDED');
  const reserved = sum(open.map((share) => share.amount_minor));
  const refunded = sum(done.map((share) => returnedOf(share, legOf.get(share.leg_id)!)));
  const name = `seller ${source.seller} of payment ${source.payment_id}`;
  const found: Violation[] = differ(
    {
      reserved: source.reserved_minor,
      refunded: source.refunded_minor,
      'fee reserved': source.fee_reserved_minor,
      'fee returned': source.fee_returned_minor,
    },
    {
      reserved,
      refunded,
      'fee reserved': fees(open),
      'fee returned': fees(done),
    },
  ).map((what) => ({ invariant: 'I6', what: `${name}: ${what}` }));
  if (source.overcommitted) return found;
  if (refunded + reserved > source.captured_minor)
    found.push({ invariant: 'I1', what: `${name}: more than was captured` });
  if (fees(done) + fees(open) > (source.platform_fee_minor ?? 0n))
    found.push({ invariant: 'I1', what: `${name}: more commission than was withheld` });
  return found;
}

/** I6, I1 of a line of the cart. What a leg took that returned another amount than was ordered is not known. */
function sumsOfLine({ legs, parts }: Snapshot, line: Snapshot['lines'][number]): Violation[] {
  const legOf = new Map(legs.map((leg) => [leg.id, leg]));
  const own = parts.filter((part) => part.item_id === line.id);
  const of = (fits: (leg: Leg) => boolean) => {
    const counted = own.filter((part) => fits(legOf.get(part.leg_id)!));
    return {
      hundredths: sum(counted.map((part) => part.quantity_hundredths)),
      minor: sum(counted.map((part) => part.amount_minor)),
    };
  };
  const reserved = of(isOpen);
  const returned = of((leg) => leg.status === 'SUCCEEDED' && leg.returned_minor === leg.amount_minor);
  const name = `item ${line.item} of payment ${line.payment_id}`;
  const found: Violation[] = differ(
    {
      'quantity reserved': line.reserved_hundredths,
      reserved: line.reserved_minor,
      'quantity returned': line.returned_hundredths,
      returned: line.returned_minor,
    },
    {
      'quantity reserved': reserved.hundredths,
      reserved: reserved.minor,
      'quantity returned': returned.hundredths,
      returned: returned.minor,
    },
  ).map((what) => ({ invariant: 'I6', what: `${name}: ${what}` }));
  const isMore =
    reserved.hundredths + returned.hundredths > line.sold_hundredths ||
    reserved.minor + returned.minor > line.sold_minor;
  if (isMore && !line.overcommitted) found.push({ invariant: 'I1', what: `${name}: more than was sold` });
  return found;
}

/** I3 at the provider: one refund per key. */
function keysUsedTwice(books: LedgerPayment | undefined): Violation[] {
  const keys = (books?.refunds ?? []).flatMap((refund) => refund.providerKey ?? []);
  return repeated(keys).map((key) => ({
    invariant: 'I3',
    what: `the provider made two refunds of payment ${books!.reference} with the key ${key}`,
  }));
}

/** I3 here: a key belongs to one attempt, and an attempt that was opened belongs to one leg. */
function oneKeyPerAttempt({ attempts }: Snapshot): Violation[] {
  return repeated(attempts.map((attempt) => attempt.provider_key)).map((key) => ({
    invariant: 'I3',
    what: `two attempts have the key ${key}`,
  }));
}

const repeated = (texts: readonly string[]): string[] => [
  ...new Set(texts.filter((text, index) => texts.indexOf(text) !== index)),
];

/**
 * I5: the events of a leg lead, one move after the other, from its birth to its present status; each is a move of
 * the table and has an actor; what the provider told besides moves nothing.
 */
function movesOf({ events, refunds }: Snapshot, leg: Leg): Violation[] {
  const name = `leg ${leg.id} (${leg.name})`;
  const wrong = (what: string): Violation => ({ invariant: 'I5', what: `${name}: ${what}` });
  const born = events.filter(
    (event) => event.refund_id === leg.refund_id && /^refund\.(created|imported)$/.test(event.kind),
  );
  const [birth] = born;
  if (birth === undefined || born.length > 1 || !refunds.some(({ id }) => id === leg.refund_id))
    return [wrong(`its refund has ${born.length} births`)];
  const own = events.filter((event) => event.leg_id === leg.id && event.from_status !== null);
  // A leg is born with its intent. Of a PENDING refund one leg is being sent; others of it wait for their turn.
  const isSentAtOnce = birth.kind === 'refund.created' && birth.to_status === 'PENDING';
  const waits = own[0]?.from_status === 'QUEUED' || (own.length === 0 && leg.status === 'QUEUED');
  let status = isSentAtOnce ? (waits ? 'QUEUED' : 'SENDING') : birth.to_status;
  const found: Violation[] = [];
  for (const event of own) {
    const move = `${event.from_status} -> ${event.to_status}`;
    if (event.from_status !== status) found.push(wrong(`moved ${move}, but was ${status}`));
    if (event.actor === '') found.push(wrong(`moved ${move} by nobody`));
    if (event.kind === 'leg.details' && event.to_status !== event.from_status)
      found.push(wrong(`details moved it ${move}`));
    if (event.from_status !== event.to_status && !isInTable(event))
      found.push(wrong(`moved ${move} by ${String(event.evidence['cause'])}, which the table does not have`));
    status = event.to_status;
  }
  if (status !== leg.status) found.push(wrong(`is ${leg.status}, its last event says ${status}`));
  return found;
}

/** Every move names its cause, and the table has it. */
const isInTable = ({ from_status: from, to_status: to, evidence }: Snapshot['events'][number]): boolean =>
  findTransition(from as LegStatus, evidence['cause'] as TransitionCause, to as LegStatus) !== undefined;

/** The first change of a refund after a restore leaps over what a lost history may have told. */
const VERSION_LEAP = 1_000;

/** Rule 10: no version of a refund is without its event. */
function versionsOf({ events }: Snapshot, refund: Snapshot['refunds'][number]): Violation[] {
  const own = events.filter((event) => event.refund_id === refund.id).length;
  return own === refund.version % VERSION_LEAP
    ? []
    : [{ invariant: 'I5', what: `refund ${refund.id}: ${own} events for ${refund.version} versions` }];
}

/** I7: what is not final has its next look, or waits for a person. */
const nobodyLooks = ({ legs }: Snapshot): Violation[] =>
  legs
    .filter((leg) => isOpen(leg) && leg.status !== 'MANUAL_REVIEW' && leg.next_look_at === null)
    .map((leg) => ({ invariant: 'I7', what: `leg ${leg.id} is ${leg.status} and nobody looks again` }));

/** How providers call a refund whose money was returned. */
export const RETURNED = new Set(['succeeded', 'processed', 'finished', 'SUCCESS']);

/**
 * I2: what the provider returned is what we count, to the minor unit. What is nobody's yet is counted apart, and so is
 * what waits for a person with the provider's refund bound to it.
 */
function otherMoney(
  { legs }: Snapshot,
  payment: Payment,
  books: ReadonlyMap<string, LedgerPayment>,
  reversed: ReadonlySet<string>,
): Violation[] {
  const ledger = books.get(payment.provider_payment_id);
  const name = `payment ${payment.provider_payment_id}`;
  if (ledger === undefined) return [{ invariant: 'I2', what: `${name} is not in the provider's books` }];
  const returned = ledger.refunds.filter(({ id, status }) => RETURNED.has(status) && !reversed.has(id));
  const underReview = new Set(
    legs
      .filter((leg) => leg.payment_id === payment.id && leg.status === 'MANUAL_REVIEW')
      .map((leg) => leg.provider_refund_id),
  );
  const theirs = sum(returned.map((refund) => BigInt(refund.amountMinor)));
  const waiting = sum(
    returned.filter(({ id }) => underReview.has(id)).map((refund) => BigInt(refund.amountMinor)),
  );
  const ours = payment.refunded_minor + payment.unbound_minor + waiting;
  return theirs === ours
    ? []
    : [
        {
          invariant: 'I2',
          what: `${name}: the provider returned ${theirs}, we count ${payment.refunded_minor} (and ${payment.unbound_minor} nobody's, ${waiting} under review)`,
        },
      ];
}
