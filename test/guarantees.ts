import type { Shown } from './fault-catalogue.ts';

/** What holds at every moment, what makes it hold, and what shows that it does. */
export interface Guarantee {
  readonly name: string;
  readonly promise: string;
  /** Names of constraints, indexes and triggers of docs/schema.sql. */
  readonly database: readonly string[];
  /** What the code does for it, in words, with the file. */
  readonly code: readonly { readonly what: string; readonly file: string }[];
  readonly shownBy: readonly Shown[];
}

const in_ = (file: string, ...tests: string[]): Shown => ({ file: `test/${file}.test.ts`, tests });
const chaosCheck = (...tests: string[]): Shown => in_('chaos/check', ...tests);

export const guarantees: readonly Guarantee[] = [
  {
    name: 'I1',
    promise:
      'Per payment, per seller and per item, what is refunded and what is reserved are never below 0 and never add up to more than was captured or sold; only a fact that the provider told may break that, and it is marked.',
    database: [
      'payments_never_more_than_captured',
      'payments_refunded_not_negative',
      'payments_reserved_not_negative',
      'payment_sources_never_more_than_captured',
      'payment_sources_fee_never_more_than_withheld',
      'payment_items_never_more_than_sold',
    ],
    code: [
      {
        what: 'the payment’s row is locked while anything is reserved or freed',
        file: 'src/refunds/reserve.ts',
      },
      {
        what: 'what is decided without the lock is committed only while nothing of it has changed',
        file: 'src/refunds/reserve-at-once.ts',
      },
    ],
    shownBy: [
      in_('db/ledger-constraints', 'no SQL commits more than is left'),
      in_('refunds/create-refund', '50 refunds with different keys add up to the captured sum exactly'),
      in_(
        'refunds/reserve-at-once',
        '400 refunds of 30.00 of a payment of 10 000.00 in two processes: 333, and no more',
      ),
      in_(
        'refunds/reservation.property',
        'whatever happens, no more is refunded than was captured, and both ledgers agree in the end',
      ),
      in_(
        'refunds/split-sequences',
        'any sequence of refunds, outcomes and reversals keeps the sums of payment, sellers and commissions, here and there',
      ),
      in_(
        'refunds/item-refunds.property',
        'whatever is refunded by item, no line gives back more than was sold of it, and its sums are those of its refunds',
      ),
      chaosCheck('more than was captured, unless that was marked as the provider’s doing'),
    ],
  },
  {
    name: 'I2',
    promise:
      'Once all is quiet, what the provider returned of a payment is what we count as refunded, to the minor unit; what is nobody’s yet is counted apart.',
    database: ['provider_refunds_pkey', 'provider_refunds_leg_unique'],
    code: [
      { what: 'sums change with the move of a leg, in one statement', file: 'src/refunds/move-leg.ts' },
      { what: 'what was made elsewhere is found by sweeps', file: 'src/refunds/sweep-account.ts' },
      { what: 'a difference that lasts is told', file: 'src/refunds/unexplained.ts' },
    ],
    shownBy: [
      in_(
        'refunds/reservation.property',
        'whatever happens, no more is refunded than was captured, and both ledgers agree in the end',
      ),
      in_('refunds/sweep-account', 'finds a console refund that nobody has asked about'),
      in_(
        'refunds/mismatch',
        'is told once, when two looks a gap apart have shown it, and once more when it has ended',
      ),
      in_(
        'refunds/database-restarts',
        'a server that restarts every second: every key is one refund in the end, and the books agree',
      ),
      chaosCheck(
        'a difference of one minor unit that nobody explains',
        'a refund that we call returned and the provider does not have',
      ),
    ],
  },
  {
    name: 'I3',
    promise: 'One key at the provider makes at most one refund there, and a leg has at most one living key.',
    database: [
      'leg_attempts_provider_key_unique',
      'leg_attempts_pkey',
      'refund_legs_one_sending_per_payment',
      'refund_legs_sending_has_lease',
    ],
    code: [
      {
        what: 'the key is derived, and stored with the exact bytes before the first of them leaves',
        file: 'src/refunds/provider-key.ts',
      },
      { what: 'the lease is looked at once more right before the first byte', file: 'src/refunds/claim.ts' },
    ],
    shownBy: [
      in_(
        'refunds/replicas',
        'two that find the same lost answer send it again once',
        'a leg that two are asked to send is sent by one',
        'a late answer does not end the lease of the process that sends now',
      ),
      in_('app/killed', 'at %s is found out about by the next one alone', 'at %s of its engine, too'),
      in_('refunds/provider-key', 'different intentions have different keys'),
      chaosCheck('a double refund at the provider, with one key and with two', 'two attempts with one key'),
    ],
  },
  {
    name: 'I4',
    promise:
      'One key of a caller is one refund for ever: the same content answers with it, other content has no effect.',
    database: ['idempotency_pkey', 'idempotency_names_its_result', 'idempotency_by_refund'],
    code: [
      { what: 'a versioned hash of what was asked for is compared', file: 'src/refunds/content-hash.ts' },
    ],
    shownBy: [
      in_('refunds/create-refund', 'one key 50 times at once: one refund, one provider call'),
      in_(
        'refunds/create-refund-again',
        'with another %s is a conflict without effect',
        'for two payments at the same moment makes one refund',
      ),
      in_(
        'refunds/lost-commits',
        'of the intent: the caller is told to send the same key again, and one refund comes of it',
      ),
      chaosCheck(
        'one key that was answered with two refunds',
        'other content under a used key that took effect',
      ),
    ],
  },
  {
    name: 'I5',
    promise:
      'A leg moves along one table, and every move has exactly one event that says who, why, from and to; no event is ever changed.',
    database: ['refund_legs_transition', 'leg_transitions_pkey', 'events_no_change', 'events_no_truncate'],
    code: [{ what: 'the move, its sums and its event are one statement', file: 'src/refunds/move-leg.ts' }],
    shownBy: [
      in_('refunds/transitions', 'the table has exactly the moves of the rules'),
      in_('db/leg-transitions', 'from %s to %s only where the table has it'),
      chaosCheck(
        'a move without its event, by nobody, out of the table, or not from where the leg was',
        'a refund that was called failed and has returned money since',
      ),
    ],
  },
  {
    name: 'I6',
    promise: 'What a payment and a seller have reserved is the sum of the legs that are not final.',
    database: ['payments_reserved_not_negative', 'payment_sources_reserved_not_negative'],
    code: [{ what: 'a move takes the amount from one sum to the other', file: 'src/refunds/move-leg.ts' }],
    shownBy: [
      in_(
        'refunds/reservation.property',
        'whatever happens, no more is refunded than was captured, and both ledgers agree in the end',
      ),
      chaosCheck('sums that are not those of the legs, of a payment and of a seller'),
    ],
  },
  {
    name: 'I7',
    promise:
      'What is not final has the time of its next look or waits for a person; when faults end, all of it ends, or stands in MANUAL_REVIEW, without any caller.',
    database: ['refund_legs_due', 'payments_due', 'payment_operations_due'],
    code: [
      {
        what: 'rows that are due are claimed with SKIP LOCKED, by any number of processes',
        file: 'src/refunds/engine/drive-due.ts',
      },
    ],
    shownBy: [
      in_(
        'refunds/engine/drive-due',
        'as soon as it is due',
        'again when nothing had left',
        'killed with a batch of looks claimed: another takes it when the claims have ended',
      ),
      in_(
        'refunds/engine/no-way-out',
        'is sent again for 23 hours, looked for during 24 more, and then a person’s, with the looks',
      ),
      in_('refunds/engine/voids', 'whose sender died'),
      in_('app/killed', 'at %s has the hold released by the next one, once'),
      chaosCheck('a leg that is still open, and one that nobody looks at', 'a release that is still unclear'),
    ],
  },
  {
    name: 'I8',
    promise:
      'What was answered is durable: it survives a kill -9, and a crash of the database, immediately after.',
    database: [],
    code: [
      {
        what: 'the intent is committed before anything is answered or sent',
        file: 'src/refunds/create-refund.ts',
      },
      { what: 'an answer of a provider is written until it commits', file: 'src/refunds/until-committed.ts' },
      {
        what: 'a webhook is stored before it is acknowledged',
        file: 'src/refunds/webhooks/take-webhook.ts',
      },
    ],
    shownBy: [
      in_('app/killed', 'at %s is found out about by the next one alone'),
      in_('app/killed', 'at %s has what it acknowledged worked on by the next one'),
      in_('db/embedded/crash', 'recovers what was committed when service and server were killed'),
      in_('refunds/lost-commits', "of the outcome's transition: it is repeated, and counted once"),
      chaosCheck('an acknowledged refund that is lost'),
    ],
  },
  {
    name: 'I9',
    promise:
      'Merchants neither see nor affect each other: what is another’s answers like what does not exist.',
    database: [
      'payments_account_fkey',
      'refunds_payment_fkey',
      'refund_legs_payment_fkey',
      'accounts_identity_unique',
    ],
    code: [
      {
        what: 'every statement names the merchant; composite foreign keys carry it',
        file: 'src/db/refunds.ts',
      },
    ],
    shownBy: [
      in_(
        'resolvers/isolation',
        '%s: its owner sees it, a stranger sees null',
        'lists of accounts, payments and refunds show their own only',
        '%s answers a foreign payment exactly like an absent one',
      ),
      in_('server/fair-share', 'of one merchant leave a place for the others'),
    ],
  },
  {
    name: 'I10',
    promise: 'No secret stands in a log, an error, an event or a metric.',
    database: [],
    code: [
      {
        what: 'bodies, headers and credentials are never handed to a logger, and redacted all the same',
        file: 'src/log.ts',
      },
    ],
    shownBy: [
      in_('app/canary-secrets', 'no canary comes out, whatever fails'),
      in_('log', 'hides what must never be in it, also one level down'),
      in_('app/app', 'writes no secret into its log'),
    ],
  },
  {
    name: 'I11',
    promise:
      'Memory, sockets, queues, repetitions and logs are bounded under any one hostile client or provider.',
    database: [],
    code: [
      { what: 'documents, bodies and requests in flight have limits', file: 'src/server/document-limits.ts' },
      {
        what: 'calls of an account have a rate, a number at a time, and a breaker',
        file: 'src/providers/http.ts',
      },
      {
        what: 'webhooks that wait have limits for each account, in memory and in the database',
        file: 'src/refunds/webhooks/delivery-store.ts',
      },
    ],
    shownBy: [
      in_('server/document-limits', 'gets a bounded number of errors'),
      in_(
        'server/webhooks-flood',
        'is bounded for each account in the database',
        'is bounded in the process',
      ),
      in_(
        'server/overload-and-close',
        'are refused with 503 and Retry-After, and taken again when there is room',
      ),
      in_(
        'providers/http/limits',
        'no more sends run at once than the account allows, in the order they came',
      ),
      in_('providers/http', 'when the answer is larger than four megabytes'),
      in_(
        'log',
        'holds a bounded part for a reader that stands still, and tells how much was lost when it reads again',
      ),
    ],
  },
];
