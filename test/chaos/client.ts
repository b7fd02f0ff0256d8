import { setTimeout as sleep } from 'node:timers/promises';
import { documents, meaningOf, post, READ_REFUND, seenOf, type Payload, type Told } from './api.ts';
import type { Answer, Asked, History, RefundSeen } from './history.ts';
import type { Random } from './random.ts';
import type { Caller } from './accounts.ts';
import { amountOf, type LivePayment } from './wish.ts';

/** A refund that some client made, as it may be asked about by all of them. */
interface Made {
  readonly caller: Caller;
  readonly key: string;
  readonly input: Readonly<Record<string, unknown>>;
  readonly payment: LivePayment;
  readonly seen: RefundSeen;
}

/** What the clients of one run know together. */
export interface Common {
  readonly urls: readonly string[];
  readonly callers: Readonly<Record<Caller['merchant'], Caller>>;
  readonly payments: readonly LivePayment[];
  readonly history: History;
  readonly made: Made[];
}

const actions = {
  create: 58,
  replay: 7,
  conflict: 5,
  cancel: 6,
  retry: 8,
  void: 4,
  sync: 5,
  read: 12,
  foreign: 2,
} as const;

/**
 * An honest client: a request that was not answered, or was told to come again, is sent again with the same key
 * until there is a definite answer. What it does comes from its random numbers; how far it gets, from the run.
 */
export class Client {
  readonly #name: string;
  readonly #random: Random;
  readonly #common: Common;
  #keys = 0;

  constructor(name: string, random: Random, common: Common) {
    this.#name = name;
    this.#random = random;
    this.#common = common;
  }

  /** Acts until the signal; then only what was begun is brought to its end. */
  async run(until: AbortSignal): Promise<void> {
    while (!until.aborted) {
      await this.#act();
      await sleep(this.#random.int(20, 160));
    }
  }

  async #act(): Promise<void> {
    const random = this.#random;
    const wanted = random.weighted(actions);
    const { made, payments } = this.#common;
    if (wanted === 'create' || wanted === 'void' || made.length === 0) {
      if (wanted === 'void') return this.#void(this.#toVoid());
      return this.#create(random.pick(payments.filter(({ kind }) => kind !== 'hold')));
    }
    // Only what was made just now can still be stopped.
    const of = random.pick(wanted === 'cancel' && random.chance(0.7) ? made.slice(-6) : made);
    switch (wanted) {
      case 'replay':
        return void (await this.#mutate(of.caller, 'createRefund', of.input, this.#about('replay', of)));
      case 'conflict': {
        const input = { ...of.input, note: `another note ${random.int(0, 1_000_000)}` };
        return void (await this.#mutate(of.caller, 'createRefund', input, this.#about('conflict', of)));
      }
      case 'cancel':
        return void (await this.#mutate(
          of.caller,
          'cancelRefund',
          { refund: of.seen.id },
          this.#about('cancel', of),
        ));
      case 'retry': {
        const input = { refund: of.seen.id, expectedRetries: random.int(0, 1), waitMs: random.int(0, 2_000) };
        return void (await this.#mutate(of.caller, 'retryRefund', input, this.#about('retry', of)));
      }
      case 'sync': {
        const input = { refund: of.seen.id, waitMs: random.int(0, 2_000) };
        return void (await this.#mutate(of.caller, 'syncRefund', input, this.#about('sync', of)));
      }
      case 'foreign':
        return this.#readForeign(of);
      default:
        return this.#read(of);
    }
  }

  #about(action: Asked['action'], { key, payment }: Made): Pick<Asked, 'action' | 'key' | 'payment'> {
    return { action, key, payment: payment.reference };
  }

  async #create(payment: LivePayment): Promise<void> {
    const random = this.#random;
    const caller = callerOf(this.#common, payment);
    const key = `${this.#name}-${(this.#keys += 1)}-${random.int(0, 2 ** 30)}`;
    const wish = amountOf(random, payment);
    const input = {
      idempotencyKey: key,
      payment: { provider: { account: payment.account, paymentId: payment.reference } },
      reason: 'REQUESTED_BY_CUSTOMER',
      waitMs: random.pick([0, 200, 2_000, 5_000]),
      ...(payment.kind === 'split' ? { feeBearer: random.pick(['SELLER', 'PLATFORM']) } : {}),
      amount: wish.amount,
    };
    const about = {
      action: 'create' as const,
      key,
      payment: payment.reference,
      ...(wish.minor === undefined ? {} : { amountMinor: String(wish.minor) }),
    };
    const answer = await this.#mutate(caller, 'createRefund', input, about);
    if (answer.kind === 'refund')
      this.#common.made.push({ caller, key, input, payment, seen: answer.refund });
  }

  /** A hold, or now and then a payment whose money was taken: then all that is left is refunded. */
  #toVoid(): LivePayment {
    const { payments } = this.#common;
    const kind = this.#random.chance(0.8) ? 'hold' : 'plain';
    return this.#random.pick(payments.filter((payment) => payment.kind === kind));
  }

  async #void(payment: LivePayment): Promise<void> {
    const key = `${this.#name}-void-${(this.#keys += 1)}-${this.#random.int(0, 2 ** 30)}`;
    const input = {
      idempotencyKey: key,
      payment: { provider: { account: payment.account, paymentId: payment.reference } },
      reason: 'DUPLICATE',
      ...(payment.kind === 'plain' ? { ifCaptured: 'REFUND' } : {}),
      waitMs: this.#random.pick([0, 2_000]),
    };
    const about = { action: 'void' as const, key, payment: payment.reference };
    await this.#mutate(callerOf(this.#common, payment), 'cancelPayment', input, about);
  }

  /** Repeats one mutation until it is answered; every answer goes into the history. */
  async #mutate(
    caller: Caller,
    name: keyof typeof documents,
    input: Readonly<Record<string, unknown>>,
    about: Omit<Asked, 'client' | 'merchant' | 'answer'>,
  ): Promise<Answer> {
    const { history } = this.#common;
    const bound = performance.now() + GIVE_UP_MS;
    for (;;) {
      const answer = meaningOf(await this.#post<Payload>(caller, documents[name], { input }), history);
      history.add({ client: this.#name, merchant: caller.merchant, ...about, answer });
      if (answer.kind !== 'none') return answer;
      if (performance.now() > bound) {
        history.wrong.push(`${name} ${about.key ?? ''} got no definite answer: ${answer.why}`);
        return answer;
      }
      await sleep(this.#random.int(100, 600));
    }
  }

  async #read(of: Made): Promise<void> {
    const age = this.#random.pick([undefined, 0, 5]);
    type Seen = NonNullable<Payload['refund']> & {
      readonly payment: Readonly<
        Record<'captured' | 'refunded' | 'reserved', { readonly minorUnits: string }>
      > & {
        readonly overcommitted: { readonly state: string };
      };
    };
    const told = await this.#post<Seen>(of.caller, READ_REFUND, { id: of.seen.id, age });
    const { history } = this.#common;
    if (typeof told === 'string' || told.errors !== undefined) return;
    const seen = told.data?.it;
    if (seen === null || seen === undefined) {
      history.wrong.push(`refund ${of.seen.id} was acknowledged and is not there`);
      return;
    }
    const { captured, refunded, reserved, overcommitted } = seen.payment;
    const isOver = BigInt(refunded.minorUnits) + BigInt(reserved.minorUnits) > BigInt(captured.minorUnits);
    if (isOver && overcommitted.state === 'AVAILABLE')
      history.wrong.push(`payment ${of.payment.reference} shows more refunded and reserved than captured`);
    history.add({
      client: this.#name,
      merchant: of.caller.merchant,
      ...this.#about('read', of),
      answer: { kind: 'refund', refund: seenOf(seen), replayed: true },
    });
  }

  /** I9: another merchant's refund answers like one that does not exist. */
  async #readForeign(of: Made): Promise<void> {
    const stranger = of.caller.merchant === 'chaos' ? this.#common.callers.other : this.#common.callers.chaos;
    const told = await this.#post<{ id: string }>(
      stranger,
      'query ($id: ID!) { it: refund(by: { id: $id }) { id } }',
      {
        id: of.seen.id,
      },
    );
    if (typeof told !== 'string' && told.data?.it !== null && told.data?.it !== undefined)
      this.#common.history.wrong.push(`merchant ${stranger.merchant} sees refund ${of.seen.id} of another`);
  }

  #post<Data>(
    caller: Caller,
    query: string,
    variables: Readonly<Record<string, unknown>>,
  ): Promise<Told<Data> | string> {
    return post(this.#random.pick(this.#common.urls), caller, query, variables);
  }
}

/** How long a client repeats a question before that is called a failure. */
const GIVE_UP_MS = 120_000;

const callerOf = ({ callers }: Common, { merchant }: LivePayment): Caller => callers[merchant];
