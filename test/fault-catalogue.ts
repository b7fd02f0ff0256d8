/** Tests of one file that show a row, by their titles as they stand in the source. */
export interface Shown {
  readonly file: string;
  readonly tests: readonly string[];
}

/** A fault, what must hold under it (I1 to I11 and the rules), and what shows that it does. */
export interface Fault {
  /** A number of the catalogue, or a letter for those that a review has added. */
  readonly row: string;
  /** It depends on what a provider is like: scenarios of the conformance suite show it for each of them, besides. */
  readonly atProviders?: true;
  readonly fault: string;
  readonly holds: string;
  readonly shownBy: readonly Shown[];
}

const in_ = (file: string, ...tests: string[]): Shown => ({ file: `test/${file}.test.ts`, tests });

const createKilled = in_('app/killed', 'at %s is found out about by the next one alone');
const engineKilled = in_('app/killed', 'at %s of its engine, too');

/** Every fault that the service is built for, with the tests that show it. */
export const faults: readonly Fault[] = [
  {
    row: '1',
    fault: 'crash before the reservation commits',
    holds: 'I1 I4',
    shownBy: [
      createKilled,
      in_(
        'refunds/lost-commits',
        'of the intent: the caller is told to send the same key again, and one refund comes of it',
      ),
    ],
  },
  {
    row: '2',
    atProviders: true,
    fault: 'crash after the commit, before the call',
    holds: 'I6 I7: with a key sent once by replay, without one a person’s, QUEUED sent once',
    shownBy: [
      createKilled,
      in_('refunds/engine/drive-due', 'killed %s'),
      in_('refunds/engine/plans', 'whose sender died is a person’s at once, where nothing can be looked for'),
    ],
  },
  {
    row: '3',
    atProviders: true,
    fault: 'crash after the request left, before the answer',
    holds: 'I2 I3',
    shownBy: [
      in_(
        'app/killed',
        'while the provider works is found out about there, and nothing is sent twice',
        'at %s has the hold released by the next one, once',
      ),
      in_(
        'refunds/replicas',
        '%s: its leg is found by another process after its lease, with one refund in the end',
      ),
    ],
  },
  {
    row: '4',
    atProviders: true,
    fault: 'crash after the answer, before it is recorded',
    holds: 'I2 I3',
    shownBy: [createKilled],
  },
  {
    row: '5',
    atProviders: true,
    fault: 'crash after the record, before the HTTP answer',
    holds: 'I4 I8',
    shownBy: [createKilled, engineKilled],
  },
  {
    row: '6',
    fault: 'the caller disconnects',
    holds: 'the work ends or is recoverable; no transaction is left behind',
    shownBy: [
      in_(
        'app/database-trouble',
        'a caller who goes away leaves no transaction open, and the same key finds what was done',
      ),
      in_('server/overload-and-close', 'leave their room when their callers go away'),
    ],
  },
  {
    row: '7',
    atProviders: true,
    fault: 'timeout, and the provider did it',
    holds: 'never FAILED, later SUCCEEDED',
    shownBy: [
      in_(
        'refunds/lost-answers',
        'is ${status} with the amount reserved, and asking finds the truth: one refund, one key, the same bytes',
      ),
      in_('refunds/engine/drive-due', 'killed %s'),
    ],
  },
  {
    row: '8',
    atProviders: true,
    fault: 'timeout, and the provider did nothing',
    holds: 'executed once by replay, or a person’s verdict; never freed on absence',
    shownBy: [
      in_(
        'refunds/lost-answers',
        'is ${status} with the amount reserved, and asking finds the truth: one refund, one key, the same bytes',
      ),
      in_(
        'refunds/engine/no-way-out',
        'is sent again for 23 hours, looked for during 24 more, and then a person’s, with the looks',
      ),
      in_('refunds/resolve-refund', 'frees the amount, tells why, and can be retried with another key'),
    ],
  },
  {
    row: '9',
    atProviders: true,
    fault: 'reset in the middle of the answer; truncated, garbled, HTML with 200',
    holds: 'unknown',
    shownBy: [
      in_(
        'refunds/lost-answers',
        'is ${status} with the amount reserved, and asking finds the truth: one refund, one key, the same bytes',
      ),
      in_(
        'refunds/not-the-providers-word',
        'a $status of a proxy after the effect, reads $reads: unclear until it is known',
      ),
      in_('providers/http', 'when the connection is reset', 'when the body never ends'),
    ],
  },
  {
    row: '10',
    atProviders: true,
    fault: '409 in progress; key reused with other content',
    holds: 'wait and look; a person and an alarm, no new key',
    shownBy: [
      in_(
        'refunds/engine/no-way-out',
        'in progress: it is waited and sent again',
        'with other content: nothing is sent any more, and a person is asked',
      ),
    ],
  },
  {
    row: '11',
    atProviders: true,
    fault: '429 with and without Retry-After',
    holds: 'that account backs off, others do not notice',
    shownBy: [
      in_(
        'providers/http/rate-limit',
        'without Retry-After silences the reads and sends of its account, and of no other',
        "is the provider's advice where there is one",
      ),
      in_('refunds/engine/drive-due', 'again when the provider was too busy, not before it said'),
    ],
  },
  {
    row: '12',
    atProviders: true,
    fault: '5xx before and after the effect',
    holds: 'resolved by asking',
    shownBy: [
      in_(
        'refunds/lost-answers',
        'is ${status} with the amount reserved, and asking finds the truth: one refund, one key, the same bytes',
      ),
      in_(
        'refunds/razorpay-lost-answers',
        'is ${status} with the amount committed, and asking finds the truth: one refund, one key, the same bytes',
      ),
    ],
  },
  {
    row: '13',
    atProviders: true,
    fault: '401 or 403 in the middle of the day',
    holds: 'the account is paused, reservations stay, one alarm',
    shownBy: [
      in_(
        'refunds/paused-account',
        'keep what is reserved, raise one alarm, and hold back the sends of this account only',
      ),
      in_(
        'refunds/engine/side-by-side',
        'whose credentials are refused have one leg tried now and then, by one process',
      ),
    ],
  },
  {
    row: '14',
    atProviders: true,
    fault: 'success, and a reversal days later',
    holds: 'REVERSED, the amount is refundable again',
    shownBy: [
      in_('refunds/engine/drive-due', 'after its success, for thirty days: a reversal gives the amount back'),
      in_(
        'refunds/reversals.property',
        'however often returned money comes back, the sums hold, and it can be returned again',
      ),
    ],
  },
  {
    row: '15',
    atProviders: true,
    fault: 'another amount or currency in the answer',
    holds: 'MANUAL_REVIEW, both figures kept',
    shownBy: [
      in_(
        'refunds/looks/look-at-legs',
        'another amount than was asked for is a matter for a person, with both figures kept',
      ),
      in_(
        'refunds/resolve-other-amount',
        'is taken at its word, within the life of the key: what it returned counts',
      ),
    ],
  },
  {
    row: '16',
    atProviders: true,
    fault: 'a status word that nobody knows',
    holds: 'stays open, the word is kept, alarm',
    shownBy: [
      in_('refunds/looks/look-at-legs', 'a word that nobody knows leaves the leg open with the word kept'),
    ],
  },
  {
    row: '17',
    atProviders: true,
    fault: 'a refund in the provider’s console',
    holds: 'imported as EXTERNAL, the rest shrinks',
    shownBy: [
      in_('refunds/sweep-account', 'finds a console refund that nobody has asked about'),
      in_('refunds/external-refunds', 'imports what was refunded there already, once'),
    ],
  },
  {
    row: '18',
    atProviders: true,
    fault: 'the provider’s list lags behind its own writes',
    holds: 'absence proves nothing',
    shownBy: [
      in_(
        'refunds/lost-answers',
        'a refund that the list does not show yet is found by sending the same bytes again',
      ),
      in_('refunds/sweep-account', 'finds what a lagging list shows only later'),
      in_('refunds/engine/no-way-out', 'is still looked at by then, and found when it shows late'),
    ],
  },
  {
    row: '19',
    fault: 'webhooks: duplicates, out of order, early, of unknown refunds, of others, forged, stale',
    holds: 'I5; verified or refused; stored before the 2xx',
    shownBy: [
      in_(
        'refunds/webhooks',
        'a hundred times at once is one message, one look and one move',
        'before the answer to our own send waits for it, and is one refund',
        'of a console refund has it imported at once',
        'of a payment that is known has it read; of one that is not nobody is asked',
      ),
      in_(
        'refunds/webhooks.property',
        'in whatever order and however often messages come, each refund moves once, to what its provider says',
      ),
      in_(
        'server/webhooks',
        'that is verified is stored before it is acknowledged, with what it is about and nothing else',
        'that is %s is refused with nothing stored',
        'of another merchant’s refund is about nothing of this one, and nobody is called',
      ),
      in_(
        'server/webhooks-fuzz',
        'whatever is sent to the endpoints of webhooks changes nothing, and is answered as it should be',
      ),
    ],
  },
  {
    row: '20',
    fault: 'crash between a webhook’s 2xx and its processing',
    holds: 'I8',
    shownBy: [in_('app/killed', 'at %s has what it acknowledged worked on by the next one')],
  },
  {
    row: '21',
    fault: 'a flood of webhooks',
    holds: 'I11',
    shownBy: [
      in_(
        'server/webhooks-flood',
        'is worked off without a call of the provider, while the API answers',
        'is bounded for each account in the database',
        'is bounded in the process',
        'leave some lines in the log, which say how many they stand for',
      ),
      in_('server/webhooks', 'that never ends holds a place of its own account only, and gives it back'),
    ],
  },
  {
    row: '22',
    fault: 'the clock of one replica is an hour off, or jumps',
    holds: 'leases by the database’s time; I3',
    shownBy: [
      in_(
        'refunds/clocks',
        'neither takes over a send within its lease nor leaves one alone after it',
        'sends bytes again within the life of their key, and not after it',
        'the lease itself is in the time of the database',
      ),
    ],
  },
  {
    row: '23',
    fault: 'database restarts, read-only failover, a connection cut in COMMIT',
    holds: 'the process lives; typed errors; nothing is decided without reading again',
    shownBy: [
      in_(
        'refunds/database-restarts',
        'a server that restarts every second: every key is one refund in the end, and the books agree',
      ),
      in_(
        'db/server-trouble',
        'loses all its connections with the first refused write, so that the next ones find the primary',
      ),
      in_('refunds/lost-commits', "of the outcome's transition: it is repeated, and counted once"),
      in_('app/app', 'says that the database is away, lives on, and works again when it is back'),
    ],
  },
  {
    row: '24',
    fault: 'pool exhausted; deadlock; serialization failure',
    holds: 'a fast typed answer; bounded retries; I1',
    shownBy: [
      in_(
        'refunds/answer-at-once',
        'refunds, reads and looks of one payment at once, by two processes: no deadlock, and every sum is right',
      ),
      in_(
        'refunds/database-outage',
        'is told soon, nothing is reserved by it, and it is over when one is free',
        'does not fail the caller: the decision is made again, on what is true then',
      ),
      in_(
        'db/server-trouble',
        'in a deadlock runs again, from its start',
        'because it could not be put in an order runs again, on what is true now',
      ),
    ],
  },
  {
    row: '25',
    fault: 'two replicas race for one refund; a paused one wakes after its lease',
    holds: 'I3: it sends nothing, and its write touches no row',
    shownBy: [
      in_(
        'refunds/replicas',
        'two that find the same lost answer send it again once',
        'a late answer does not end the lease of the process that sends now',
      ),
      in_(
        'refunds/stopped-payments',
        'and sends nothing any more proves nothing about the send that came after it',
        'does not end the lease of the one that sends now',
      ),
      in_(
        'providers/http',
        'when permission ends while connecting: it is asked again right before the first byte',
      ),
      in_('refunds/engine/side-by-side', 'that drive at once send and look no more than one'),
    ],
  },
  {
    row: '26',
    fault: 'several replicas start on an empty database',
    holds: 'one schema',
    shownBy: [in_('app/app', 'serves several replicas that start at once on an empty database')],
  },
  {
    row: '27',
    fault: 'a row that cannot be worked on; work done twice; a worker killed at it',
    holds: 'others flow; idempotent; done again',
    shownBy: [
      in_(
        'refunds/engine/side-by-side',
        'one that cannot be worked on stops none of the others, and is tried again later',
        'that drive at once send and look no more than one',
      ),
      in_('app/killed', 'at %s is found out about by the next one alone'),
    ],
  },
  {
    row: '28',
    atProviders: true,
    fault: 'one provider down among many look-ups',
    holds: 'results one by one',
    shownBy: [
      in_(
        'resolvers/two-providers',
        'while %s is down has the other one’s truth, and says of its own that it is stale',
      ),
      in_(
        'refunds/engine/side-by-side',
        'one that cannot be asked backs off, and the others go on',
        'one that hangs delays none of the others',
      ),
    ],
  },
  {
    row: '29',
    fault: 'slow-loris, huge bodies, deep, wide and cyclic documents, 40 aliased mutations',
    holds: 'I11; refused whole; nothing reserved',
    shownBy: [
      in_('server/document-limits', 'gets a bounded number of errors', 'leaves the server to others'),
      in_('server/body-limit', 'may not be one byte more; nothing runs'),
      in_('server/fair-share', 'are bounded per merchant, and leave the others alone'),
      in_('app/refunds-over-http', 'two money-moving fields, by alias or fragment: nothing runs'),
    ],
  },
  {
    row: '30',
    fault: 'SIGTERM under load, again and again',
    holds: 'takes nothing new, ends within its grace, exit code 0',
    shownBy: [
      in_(
        'app/stop',
        'under load is answered with whole answers only, each time',
        'lets a refund that is on its way end and its caller see the answer; then exit 0',
      ),
      in_('refunds/engine/start-engine', 'a stop lets the send that runs end, and begins no other'),
    ],
  },
  {
    row: '31',
    fault: 'currencies without or with three decimals; more than 2^53 minor units',
    holds: 'exact',
    shownBy: [
      in_(
        'providers/exactness',
        'YooKassa takes %i minor units as a text of two decimals and gives them back',
        'Razorpay takes %i minor units as a number and gives them back',
      ),
      in_(
        'refunds/exact-amounts',
        'YooKassa, whose amounts are texts, returns 2^53 + 1 kopecks to the kopeck',
      ),
    ],
  },
  {
    row: '32',
    fault: 'a wrong configuration',
    holds: 'refuses to start and lists everything that is wrong',
    shownBy: [
      in_('app/refused-starts', 'with everything that is wrong with the environment at once'),
      in_(
        'config/accounts-file',
        'reports the mistakes of shape, of providers and between entries in one go',
      ),
    ],
  },
  {
    row: '33',
    fault: 'an old backup is restored',
    holds: 'a new epoch: read and bound before anything is sent; what cannot be listed is blocked',
    shownBy: [
      in_(
        'app/restored',
        'a service that is told of its old database finds what it has forgotten, and sends nothing twice',
      ),
      in_(
        'refunds/restored-waiting',
        'and was executed after it is found by its reference, and not sent again',
        'holds back what was captured before, until a person releases it; an event tells so',
      ),
    ],
  },
  {
    row: '34',
    fault: 'disk full, read-only data directory, a second process on one data directory',
    holds: 'refused with the reason; nothing is corrupted',
    shownBy: [
      in_(
        'db/embedded/places',
        'on a full disk is refused with the reason, and works once there is space',
        'that cannot be written is refused with the reason',
      ),
      in_(
        'db/embedded/lifecycle',
        'refuses a second service, naming the directory, the owner and the ways out',
      ),
    ],
  },
  {
    row: '35',
    fault: 'nobody reads standard output',
    holds: 'the API goes on',
    shownBy: [in_('app/stop', 'stops neither the API nor the end')],
  },
  {
    row: 'a',
    atProviders: true,
    fault: 'a refusal answers a replay',
    holds: 'proves nothing: the amount stays reserved',
    shownBy: [
      in_('refunds/lost-answers', 'the same error to a repetition proves nothing: the amount stays reserved'),
    ],
  },
  {
    row: 'b',
    fault: 'our own refund is seen before our answer is recorded',
    holds: 'one refund, counted once',
    shownBy: [
      in_('refunds/take-over', 'becomes ours when the answer to our send names it, and counts once'),
      in_('refunds/webhooks', 'before the answer to our own send waits for it, and is one refund'),
    ],
  },
  {
    row: 'c',
    atProviders: true,
    fault: 'a console refund while the whole sum is reserved',
    holds: 'recorded; overcommitted; what was not sent fails',
    shownBy: [
      in_(
        'refunds/external-refunds',
        'is recorded; nothing is refundable, and what was sent keeps its amount',
        'takes the money from what was never sent, newest first',
      ),
      in_(
        'refunds/sweep-account',
        'finds one while everything is reserved: the sum is marked as broken, and what was not sent fails',
      ),
    ],
  },
  {
    row: 'd',
    atProviders: true,
    fault: 'two first sights of one payment at once',
    holds: 'one payment, one import',
    shownBy: [
      in_(
        'refunds/external-refunds',
        'by 20 requests at once makes one payment with one source, and imports once',
      ),
    ],
  },
  {
    row: 'e',
    atProviders: true,
    fault: 'a release of ours between send and replay',
    holds: 'the stored bytes are sent, byte for byte',
    shownBy: [
      in_(
        'refunds/rolling-upgrade',
        'what an older release has sent is sent again as it was, whatever this one would build',
      ),
    ],
  },
  {
    row: 'f',
    atProviders: true,
    fault: 'a payment is captured between our look and our release of the hold, or our rollback',
    holds:
      'no refund until that has ended; then one, if it was asked for; what was given back is not refunded again',
    shownBy: [
      in_(
        'refunds/cancel-payment',
        'that is captured while its release is under way takes no refund until that has ended',
      ),
      in_('refunds/captured-while-stopped', 'is refunded under the same key where that was asked for, once'),
      in_(
        'refunds/stopped-payments',
        'and is paid meanwhile: with %s %s',
        'is one refund, and no second one follows (%s)',
        'is found out by the engine where it could not be read',
      ),
    ],
  },
  {
    row: 'g',
    atProviders: true,
    fault: 'the same item is refunded twice at once',
    holds: 'I1',
    shownBy: [
      in_(
        'refunds/item-refunds',
        '50 refunds of one line add up to what was sold of it, exactly',
        'is refused by the database itself where the rules are passed by',
      ),
    ],
  },
  {
    row: 'h',
    atProviders: true,
    fault: 'the provider’s id is lost, since the database was away at that moment',
    holds: 'written until it commits; else found by our reference',
    shownBy: [
      in_(
        'refunds/database-outage',
        'is kept over an outage of 20 s and written when it is over',
        'and is lost with its process is read from the provider after the lease, and not sent again',
      ),
    ],
  },
  {
    row: 'i',
    fault: 'commits in another order than the change feed’s, and a restore between two reads of it',
    holds: 'nothing is skipped',
    shownBy: [
      in_(
        'db/changes',
        'waits for a transaction that began before and commits after, and then tells both',
        'under writers in adverse order no change is skipped, and versions only grow',
        'cursors of before and of what was lost see every change of the new history',
        'a transaction that still writes in the old epoch is waited for',
      ),
      in_('resolvers/refund-changes', 'asked for %s leads on from the list without a gap'),
    ],
  },
  {
    row: 'j',
    fault: '304 while a look is due',
    holds: 'the look is started first',
    shownBy: [
      in_(
        'server/etag/due-looks',
        'is started before a 304, and what it finds is in the next answer',
        'of a list is started before a 304, too',
        'is waited for where waitMs asks for it, and no 304 hides what it finds',
      ),
      in_(
        'server/etag/every-304.property',
        'whatever happens: every 304 stands for what an execution at that moment answers',
      ),
    ],
  },
  {
    row: 'k',
    atProviders: true,
    fault: '`retryRefund` is clicked twice, the second one delayed',
    holds: 'one attempt is opened',
    shownBy: [
      in_(
        'refunds/retry-refund',
        'twice at once: one attempt is opened',
        'with another number of retries than the refund has',
      ),
    ],
  },
];
