import { expect } from 'vitest';
import type { ProviderAdapter } from '../../src/providers/provider.ts';
import type { App, AppOptions } from '../../src/app.ts';
import { decodeGlobalId, encodeGlobalId } from '../../src/resolvers/global-id.ts';
import { driveDue } from '../../src/refunds/engine/drive-due.ts';
import { RETURNED } from '../support/invariants.ts';
import { expectSound, type LoggedRequest } from '../support/rules.ts';
import { createTestService, type TestService } from '../support/service.ts';
import { webhookUrl, workOnMessages } from '../support/webhooks.ts';
import { testMerchants } from '../support/world.ts';
import { ofAnotherRelease } from './another-release.ts';
import {
  CANCEL_PAYMENT,
  CANCEL_REFUND,
  CREATE,
  FRESHNESS,
  PAYMENT,
  REFUNDS,
  RETRY_REFUND,
  STORED_PAYMENT,
  SYNC_REFUND,
} from './documents.ts';
import type { Payload, PaymentView, RefundView } from './documents.ts';
import { killSender, type KillAt } from './kill-sender.ts';
import type { Observed } from './observed.ts';
import { ProviderSide, type Asked, type Whose } from './provider-side.ts';
import type { Subject } from './subjects.ts';
import { withAccounts } from './with-accounts.ts';

const SECOND = 1;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** Gaps after which the engine looks, in seconds of the control clock: past the plan of every adapter. */
const looks = [6, 31, MINUTE, 2 * MINUTE, 10 * MINUTE, HOUR, HOUR, 6 * HOUR, DAY, DAY, DAY];

/** Operations that are meant to change something at a provider. */
const CHANGING = new Set(['createRefund', 'cancelPayment', 'cancelRefund']);

/** One service, one sandbox and one provider behind it, and the words in which scenarios speak of them. */
export class Stage extends ProviderSide {
  /** Which of the processes works now. */
  #app: App;
  #offsetSeconds = 0;
  #logged = 0;
  #keys = 0;
  #since = 0;
  #refunds: { readonly id: string; readonly merchant?: Whose }[] = [];
  #isListening = false;
  #observed = {
    answers: [] as string[],
    errors: [] as string[],
    cancels: [] as string[],
    seen: [] as string[],
  };

  constructor(service: TestService, subject: Subject) {
    super(service, subject);
    this.#app = service.app;
  }

  static async open(name: string, subject: Subject): Promise<Stage> {
    const service = await createTestService(
      `conformance_${name}`,
      (sandbox) => ({
        merchants: withAccounts(testMerchants(sandbox), [
          subject.configured?.(sandbox),
          subject.sibling?.configured?.(sandbox),
        ]),
      }),
      { movableClock: true },
    );
    return new Stage(service, subject);
  }

  close(): Promise<void> {
    return this.service.close();
  }

  get adapter(): ProviderAdapter {
    const { account } = this.subject;
    const found = this.service.app.world.connections.all().find(({ accountCode }) => accountCode === account);
    if (found === undefined) throw new Error(`no account ${account}`);
    return found.adapter;
  }

  /** A clean provider, and nothing seen yet. */
  async begin(): Promise<void> {
    await this.well();
    await this.mode('instant');
    if (this.#isListening)
      await this.control('webhooks', { provider: this.subject.control.provider, mode: 'off' });
    this.#isListening = false;
    this.payments = [];
    this.#refunds = [];
    this.wasElsewhere = false;
    this.#observed = { answers: [], errors: [], cancels: [], seen: [] };
    this.#since = (await this.requests(0)).next;
    this.#logged = this.service.logLength();
  }

  /** Ends as failed what `failing` has begun. */
  async untilFailed(): Promise<void> {
    if (this.subject.refusal === undefined) await this.settle('failed');
    await this.untilEnded();
    await this.mode('instant');
  }

  /** After how many seconds a payment under way is credited; null: not by itself. */
  async setCredit(seconds: number | null): Promise<void> {
    const { provider } = this.subject.control;
    await this.control('mode', { provider, creditAfterSeconds: seconds });
  }

  /** From now on the provider tells of what happens to the account. */
  async listen(): Promise<void> {
    const { provider } = this.subject.control;
    const url = webhookUrl(this.service, this.subject.account);
    await this.control('webhooks', { provider, mode: 'on', url });
    this.#isListening = true;
  }

  /** Works on what was told, and on nothing else, until this is so. */
  async untilTold(isSo: () => Promise<boolean>): Promise<void> {
    await expect
      .poll(
        async () => {
          await workOnMessages(this.#app.world);
          return isSo();
        },
        { timeout: 20_000 },
      )
      .toBe(true);
  }

  // What a caller does.

  newKey(): string {
    return `conformance-${(this.#keys += 1)}`;
  }

  /** createRefund of a part, unless `asked` says otherwise. */
  async refund(paymentId: string, asked: Asked = {}): Promise<RefundView | null> {
    const {
      key = this.newKey(),
      amount = this.money(),
      of = { account: this.subject.account },
      ...more
    } = asked;
    const input = {
      idempotencyKey: key,
      payment: { provider: { account: of.account, paymentId } },
      amount,
      reason: 'REQUESTED_BY_CUSTOMER',
      waitMs: 10_000,
      ...more,
    };
    const { refund, errors, replayed } = await this.#mutate(CREATE, { input }, of.merchant);
    this.#observed.errors.push(...errors.map(({ code }) => code));
    if (refund !== null) this.#observed.answers.push(wordOf(refund));
    if (replayed === true) this.see('replayed');
    this.#track(refund, of.merchant);
    return refund;
  }

  /**
   * createRefund of a part by another process, which is killed there; then this one goes on alone, and in the end
   * the caller has to come back with the key.
   */
  async refundKilled(paymentId: string, at: KillAt, key: string): Promise<void> {
    const { account, part, currency, packages = {} } = this.subject;
    const had = async () => (await this.calls()).some(({ effect }) => effect);
    const task = { account, paymentId, key, packages, amount: { value: part, currency } };
    const { config, killable } = this.service;
    await killSender({ ...task, config, offsetSeconds: this.#offsetSeconds, ...killable }, at, had);
    await this.known(paymentId);
  }

  /** retryRefund, once more for each number that its caller has seen. */
  async retryRefund(id: string, ...seen: number[]): Promise<void> {
    const asked = seen.map((expectedRetries) => this.#mutate(RETRY_REFUND, { id, expectedRetries }));
    const payloads = await Promise.all(asked);
    for (const { errors } of payloads) this.#observed.errors.push(...errors.map(({ code }) => code));
    // Which of them was first does not matter.
    for (const { replayed } of payloads.toSorted((a, b) => Number(b.replayed) - Number(a.replayed)))
      this.see(replayed === true ? 'replayed' : 'retried');
  }

  /** cancelPayment, asked again with its key until it is known what came of it; `meanwhile` happens after the first. */
  async cancelPayment(
    paymentId: string,
    more: Record<string, unknown> = {},
    meanwhile: () => Promise<void> = async () => {},
  ): Promise<void> {
    const input = {
      idempotencyKey: this.newKey(),
      payment: { provider: { account: this.subject.account, paymentId } },
      reason: 'REQUESTED_BY_CUSTOMER',
      waitMs: 10_000,
      ...more,
    };
    let payload = await this.#mutate(CANCEL_PAYMENT, { input });
    await meanwhile();
    for (const seconds of looks) {
      if (payload.outcome !== 'IN_PROGRESS') break;
      await this.later(seconds);
      payload = await this.#mutate(CANCEL_PAYMENT, { input });
    }
    this.#observed.errors.push(...payload.errors.map(({ code }) => code));
    if (typeof payload.outcome === 'string') this.#observed.cancels.push(payload.outcome);
    this.#track(payload.refund);
  }

  async cancelRefund(id: string): Promise<void> {
    const { errors } = await this.#mutate(CANCEL_REFUND, { id });
    this.#observed.errors.push(...errors.map(({ code }) => code));
  }

  async syncRefund(id: string): Promise<RefundView> {
    const { refund, errors } = await this.#mutate(SYNC_REFUND, { id });
    expect(errors).toEqual([]);
    return refund!;
  }

  /** A payment, read at its provider now; refunds made elsewhere count from here on. */
  async look(paymentId: string): Promise<PaymentView> {
    const { account } = this.subject;
    const { payment } = await this.#query<{ payment: PaymentView }>(PAYMENT, { account, paymentId });
    for (const refund of payment.refunds.nodes) this.#track(refund);
    return payment;
  }

  /** A payment as it is stored: nobody asks its provider. */
  async known(paymentId: string): Promise<void> {
    const made = await this.service.database.db
      .selectFrom('refunds')
      .innerJoin('payments', 'payments.id', 'refunds.payment_id')
      .select('refunds.id')
      .where('payments.provider_payment_id', '=', paymentId)
      .orderBy('refunds.created_at')
      .execute();
    for (const { id } of made) this.#track({ id: encodeGlobalId('Refund', id) });
  }

  /** The status of a payment as it is stored, without asking its provider. */
  async storedStatus(paymentId: string): Promise<string> {
    const { account } = this.subject;
    const { payment } = await this.#query<{ payment: PaymentView }>(STORED_PAYMENT, { account, paymentId });
    return payment.status;
  }

  /** What is worth comparing besides. */
  see(what: string): void {
    this.#observed.seen.push(what);
  }

  /** The refunds of this scenario in the order in which they were made; `maxAgeSeconds: 0` asks the provider. */
  async refunds(maxAgeSeconds?: number): Promise<readonly RefundView[]> {
    const merchants = [...new Set(this.#refunds.map(({ merchant }) => merchant))];
    const lists = await Promise.all(
      merchants.map((merchant) => {
        const ids = this.#refunds.flatMap((refund) => (refund.merchant === merchant ? refund.id : []));
        return this.#query<{ refunds: { nodes: RefundView[] } }>(REFUNDS, { ids, maxAgeSeconds }, merchant);
      }),
    );
    const nodes = lists.flatMap(({ refunds }) => refunds.nodes);
    return this.#refunds.map(({ id }) => nodes.find((refund) => refund.id === id)!);
  }

  /** Whether each of the refunds is known as it is now, asked about together. */
  async freshness(): Promise<readonly string[]> {
    const ids = this.#refunds.map(({ id }) => id);
    type Fresh = Pick<RefundView, 'id' | 'status'> & { freshness: { isStale: boolean } };
    const { refunds } = await this.#query<{ refunds: { nodes: Fresh[] } }>(FRESHNESS, { ids });
    return ids.map((id) => {
      const { status, freshness } = refunds.nodes.find((refund) => refund.id === id)!;
      return `${status} ${freshness.isStale ? 'stale' : 'fresh'}`;
    });
  }

  /** What the history of a refund has kept under a name, in the order in which it was learned. */
  async kept(id: string, name: string): Promise<readonly unknown[]> {
    const events = await this.service.database.db
      .selectFrom('events')
      .select('evidence')
      .where('refund_id', '=', decodeGlobalId('Refund', id)!)
      .orderBy('id')
      .execute();
    return events.flatMap(({ evidence }) => evidence[name] ?? []);
  }

  async wordNow(id: string): Promise<string> {
    return wordOf((await this.refunds()).find((refund) => refund.id === id)!);
  }

  // Time.

  /** So many seconds later, after a round of the engine. */
  async later(seconds: number): Promise<void> {
    const { offsetSeconds } = await this.control<{ offsetSeconds: number }>('clock', {
      advanceSeconds: seconds,
    });
    this.#offsetSeconds = offsetSeconds;
    await this.#app.moveClock(offsetSeconds);
    await driveDue(this.#app.world);
  }

  /** Goes on in another process, with its own memory of what its provider has told it, and comes back. */
  async inAnotherProcess(does: () => Promise<void>, options: Partial<AppOptions> = {}): Promise<void> {
    const another = await this.service.startReplica(options);
    try {
      this.#app = another;
      await another.moveClock(this.#offsetSeconds);
      await does();
    } finally {
      this.#app = this.service.app;
      await this.#app.moveClock(this.#offsetSeconds);
      await another.close();
    }
  }

  /** Goes on in a process of another release, which would build other bytes for everything. */
  async inAnotherRelease(does: () => Promise<void>): Promise<void> {
    const known = this.service.providers;
    await this.inAnotherProcess(does, { providers: known.map(ofAnotherRelease) });
  }

  /** Lets the engine work until every refund has ended or waits for a person, and the plan is over. */
  async untilEnded(): Promise<void> {
    for (const seconds of looks) {
      const open = (await this.refunds()).filter(
        ({ isFinal, status }) => !isFinal && status !== 'MANUAL_REVIEW',
      );
      if (open.length === 0) return;
      await this.later(seconds);
    }
  }

  /** Until nothing is being sent any more, in real time. */
  async untilAnswered(): Promise<void> {
    const { lines } = this.#app.world;
    await expect.poll(() => lines.size, { interval: 20, timeout: 10_000 }).toBe(0);
  }

  // What came of it.

  /** Calls of the provider in this scenario so far. */
  async calls(): Promise<readonly LoggedRequest[]> {
    return (await this.requests(this.#since)).requests;
  }

  /** Everything that an outcome names; also that the invariants hold of every payment. */
  async observe(): Promise<Observed> {
    const refunds = await this.refunds();
    const calls = await this.calls();
    const books = await Promise.all(this.payments.map((id) => this.ledgerOf(id)));
    // The books cannot be equal where somebody refunds unseen.
    const isBlind = this.wasElsewhere && this.adapter.capabilities.externalRefunds === 'INVISIBLE';
    const isQuiet = !isBlind && refunds.every(({ isFinal }) => isFinal);
    for (const { reference } of books) await this.#expectSound(reference, isQuiet);
    return {
      ...this.#observed,
      ends: refunds.map(wordOf),
      alerts: this.#alerts(),
      effects: calls.filter(({ operation, effect }) => effect && CHANGING.has(operation ?? '')).length,
      sends: calls.filter(({ operation }) => operation === 'createRefund').length,
      returnedMinor: books
        .flatMap((payment) => payment.refunds)
        .filter(({ status }) => RETURNED.has(status))
        .reduce((sum, { amountMinor }) => sum + BigInt(amountMinor), 0n),
    };
  }

  async #expectSound(reference: string, quiet: boolean): Promise<void> {
    const { database } = this.service;
    const known = await database.db
      .selectFrom('payments')
      .select('id')
      .where('provider_payment_id', '=', reference)
      .executeTakeFirst();
    if (known === undefined) return;
    await expectSound({ database, ledgerOf: (id) => this.ledgerOf(id) }, reference, { quiet });
  }

  #track(refund: Pick<RefundView, 'id'> | null, merchant?: Whose): void {
    if (refund !== null && !this.#refunds.some(({ id }) => id === refund.id))
      this.#refunds.push({ id: refund.id, ...(merchant && { merchant }) });
  }

  /** Since the scenario began, but for those that tell only how long something has lasted. */
  #alerts(): string[] {
    const lines = this.service.logged(this.#logged).trim();
    if (lines === '') return [];
    return lines
      .split('\n')
      .flatMap((line) => (JSON.parse(line) as { alert?: string }).alert ?? [])
      .filter((alert) => !alert.endsWith('_TOO_LONG'));
  }

  async #mutate(document: string, variables: Record<string, unknown>, merchant?: Whose): Promise<Payload> {
    return (await this.#query<{ result: Payload }>(document, variables, merchant)).result;
  }

  async #query<T>(document: string, variables: Record<string, unknown>, merchant?: Whose): Promise<T> {
    const { data, errors } = await this.service.graphql<T>(document, variables, merchant, this.#app);
    if (errors !== undefined) throw new Error(JSON.stringify(errors));
    return data;
  }
}

const wordOf = ({ status, moneyMovement }: RefundView): string => `${status}/${moneyMovement}`;
