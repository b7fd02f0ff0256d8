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
  /** Sent by providers, and how many of them were forged. */
  readonly webhooks: readonly [sent: number, forged: number];
  /** How long it took after the faults, and by how much time was moved. */
  readonly settled: string;
  readonly result: string;
}

const in_ = (file: string, ...tests: string[]): Shown => ({ file: `test/${file}.test.ts`, tests });

export const removals: readonly Removal[] = [
  {
    what: 'the CHECK `payments_never_more_than_captured`',
    test: in_('db/ledger-constraints', 'in %s'),
    how: 'an UPDATE that commits more than was captured is taken',
  },
  {
    what: 'the CHECK `payment_sources_never_more_than_captured`',
    test: in_('db/ledger-constraints', 'in %s'),
    how: 'the same of one seller',
  },
  {
    what: 'the lock of the payment’s row (`FOR UPDATE`)',
    test: in_('refunds/create-refund', '50 refunds with different keys add up to the captured sum exactly'),
    how: 'the CHECK still keeps the sum, and callers meet its violation instead of the maximum',
  },
  {
    what: 'the fence on the payment’s version, for what is reserved without the lock',
    test: in_(
      'refunds/reserve-at-once',
      '%s: nothing is done by the statement, and the refund is decided under the lock',
    ),
    how: 'the CHECK still keeps the sum; a refund begins while the payment is being stopped, and beside one that is being sent',
  },
  {
    what: 'the lock of the payment’s row, between two processes',
    test: in_('refunds/replicas', 'two that find the same lost answer send it again once'),
    how: 'four calls instead of one; two senders meet at `refund_legs_one_sending_per_payment`',
  },
  {
    what: 'the update to SENDING when a waiting leg is claimed',
    test: in_(
      'refunds/replicas',
      'a leg that two are asked to send is sent by one',
      'the sends of one payment are one after the other, and none of them happens twice',
    ),
    how: 'two calls for one leg, and two of a payment at once',
  },
  {
    what: 'SENDING with the intent (the leg stays QUEUED while it is sent)',
    test: in_('refunds/create-refund', 'a lost answer keeps the amount reserved and is never a failure'),
    how: 'the lost answer leaves a leg that looks as if it had never been sent',
  },
  {
    what: 'the fencing of an outcome by the number of sends',
    test: in_('refunds/replicas', 'a late answer does not end the lease of the process that sends now'),
    how: 'the lease of the living sender is gone',
  },
  {
    what: 'the fencing of an outcome by the attempt',
    test: in_(
      'refunds/late-attempt',
      'a sender of the first attempt that wakes up while the second one is sent changes nothing',
    ),
    how: 'the second attempt is called FAILED while it is being executed',
  },
  {
    what: 'the last look at the lease before the first byte',
    test: in_(
      'app/database-trouble',
      'of which one is stopped between its claim and the first byte, and wakes up too late: it sends nothing',
    ),
    how: 'the process that wakes up sends',
  },
  {
    what: 'the rule that nothing is imported while a sent leg of ours has no name',
    test: in_(
      'refunds/key-life',
      'might be ours: it lowers what is refundable and is nobody’s until the answer is known',
    ),
    how: 'our own refund becomes EXTERNAL, and is counted beside its reservation',
  },
  {
    what: 'binding by our reference',
    test: in_('refunds/lost-answers', 'a repetition that is answered by %s changes nothing either'),
    how: 'the refund that was made is never found, and stays UNKNOWN',
  },
  {
    what: 'the rule that a refusal of a repetition proves nothing (it becomes FAILED)',
    test: in_(
      'refunds/lost-answers',
      'the same error to a repetition proves nothing: the amount stays reserved',
    ),
    how: 'FAILED, with the amount free, although the first send may have been executed',
  },
  {
    what: 'the stored bytes (one more space in a repetition)',
    test: in_(
      'refunds/rolling-upgrade',
      'what an older release has sent is sent again as it was, whatever this one would build',
    ),
    how: 'the provider sees the key with another body',
  },
];

/** On a machine of two cores with other work beside it. */
export const chaosRuns: readonly ChaosRun[] = [
  {
    seed: 1,
    seconds: 600,
    refunds: 1936,
    kills: 78 + 24,
    stops: 67,
    database: 46,
    cuts: 457,
    providerFaults: 1730,
    webhooks: [10_213, 6_415],
    settled: '120 s, time moved by 48 h',
    result: 'every invariant holds',
  },
  {
    seed: 7,
    seconds: 120,
    refunds: 384,
    kills: 15 + 6,
    stops: 17,
    database: 8,
    cuts: 93,
    providerFaults: 348,
    webhooks: [2116, 1585],
    settled: '53 s, time moved by 48 h',
    result: 'every invariant holds',
  },
  {
    seed: 12,
    seconds: 120,
    refunds: 389,
    kills: 16 + 6,
    stops: 13,
    database: 9,
    cuts: 91,
    providerFaults: 352,
    webhooks: [1466, 623],
    settled: '120 s, time moved by 47 h',
    result: 'every invariant holds',
  },
];

/** A run of `npm run fuzz:webhooks` that was made, as it was reported. */
export interface FuzzRun {
  readonly seed: number;
  readonly requests: number;
  readonly seconds: number;
  /** By status. */
  readonly answers: Readonly<Record<string, number>>;
  /** Of the process, in MB: before, and the most. */
  readonly memory: readonly [before: number, most: number];
  readonly result: string;
}

export const fuzzRuns: readonly FuzzRun[] = [
  {
    seed: 20_261_122,
    requests: 100_000,
    seconds: 243,
    answers: { 200: 25_700, 400: 24_015, 401: 28_685, 404: 8_834, 405: 8_627, 413: 4_139 },
    memory: [178, 388],
    result: 'nothing changed, no error in the log',
  },
];
