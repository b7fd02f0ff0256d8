import { expect } from 'vitest';
import type { Config } from '../../src/config.ts';
import type { ProviderAdapter } from '../../src/providers/provider.ts';
import { driveDue } from '../../src/refunds/engine/drive-due.ts';
import { RETURNED } from '../support/invariants.ts';
import { expectSound, type LoggedRequest } from '../support/rules.ts';
import { createTestService, type TestService } from '../support/service.ts';
import { webhookUrl, workOnMessages } from '../support/webhooks.ts';
import { testMerchants, type LedgerPayment } from '../support/world.ts';
import {
  CANCEL_PAYMENT,
  CANCEL_REFUND,
  CREATE,
  PAYMENT,
  REFUNDS,
  STORED_PAYMENT,
  SYNC_REFUND,
} from './documents.ts';
import type { Payload, PaymentView, RefundView } from './documents.ts';
import { Impossible, type Observed } from './observed.ts';
import type { Configured, Subject } from './subjects.ts';

const SECOND = 1;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** Gaps after which the engine looks, in seconds of the control clock: past the plan of every adapter. */
const looks = [6, 31, MINUTE, 2 * MINUTE, 10 * MINUTE, HOUR, HOUR, 6 * HOUR, DAY, DAY, DAY];

/** Operations that are meant to change something at a provider. */
const CHANGING = new Set(['createRefund', 'cancelPayment', 'cancelRefund']);

export interface Asked {
  readonly amount?: Record<string, unknown>;
  readonly key?: string;
  readonly waitMs?: number;
  readonly [field: string]: unknown;
}

/** One service, one sandbox and one provider behind it, and the words in which scenarios speak of them. */
export class Stage {
  readonly #service: TestService;
  readonly #subject: Subject;
  #keys = 0;
  #since = 0;
  #payments: string[] = [];
  #refunds: string[] = [];
  #wasElsewhere = false;
  #isListening = false;
  #observed = {
    answers: [] as string[],
    errors: [] as string[],
    cancels: [] as string[],
    seen: [] as string[],
  };

  constructor(service: TestService, subject: Subject) {
    this.#service = service;
    this.#subject = subject;
  }

  static async open(name: string, subject: Subject): Promise<Stage> {
    const service = await createTestService(
      `conformance_${name}`,
      (sandbox) => ({ merchants: withAccount(testMerchants(sandbox), subject.configured?.(sandbox)) }),
      { movableClock: true },
    );
    return new Stage(service, subject);
  }

  close(): Promise<void> {
    return this.#service.close();
  }

  get subject(): Subject {
    return this.#subject;
  }

  get adapter(): ProviderAdapter {
    const { account } = this.#subject;
    const found = this.#service.app.world.connections
      .all()
      .find(({ accountCode }) => accountCode === account);
    if (found === undefined) throw new Error(`no account ${account}`);
    return found.adapter;
  }

  /** A clean provider, and nothing seen yet. */
  async begin(): Promise<void> {
    await this.#service.control('faults', undefined, 'DELETE');
    await this.mode('instant');
    if (this.#isListening)
      await this.#service.control('webhooks', { provider: this.#subject.control.provider, mode: 'off' });
    this.#isListening = false;
    this.#payments = [];
    this.#refunds = [];
    this.#wasElsewhere = false;
    this.#observed = { answers: [], errors: [], cancels: [], seen: [] };
    this.#since = (await this.#requests(0)).next;
  }

  // What happens at the provider.

  /** A new payment, captured unless `more` says otherwise; returns the provider's id. */
  async payment(more: Record<string, unknown> = {}): Promise<string> {
    const { whole, currency, control } = this.#subject;
    const body = { ...control, amount: { value: whole, currency }, ...more };
    const { reference } = await this.#control<{ reference: string }>('payments', body);
    this.#payments.push(reference);
    return reference;
  }

  /** Arms a fault of the call that makes a refund, unless `more` names another operation. */
  async fault(kind: string, more: Record<string, unknown> = {}): Promise<void> {
    const { provider } = this.#subject.control;
    await this.#control('faults', { provider, operation: 'createRefund', kind, ...more });
  }

  /** How new refunds end: at once, when `settle` says so, or like this as long as they can be stopped. */
  async mode(refunds: 'instant' | 'pending' | 'stoppable'): Promise<void> {
    const word = refunds === 'stoppable' ? (this.#subject.stoppableMode ?? 'pending') : refunds;
    const { control, mode } = this.#subject;
    await this.#control('mode', { provider: control.provider, refunds: word, ...mode });
  }

  /** Ends every refund that has not ended. */
  async settle(status: 'succeeded' | 'failed' | 'canceled', more: object = {}): Promise<void> {
    const { provider } = this.#subject.control;
    await this.#control('settle', { provider, all: true, status, ...more });
  }

  /** The money of the refund of a payment comes back to the merchant. */
  async reverse(reference: string): Promise<void> {
    const [refund] = (await this.#ledgerOf(reference)).refunds;
    const { provider } = this.#subject.control;
    await this.#control('settle', { provider, refundId: refund?.id, status: 'reversed' });
  }

  /** Somebody refunds in the provider's own console. */
  async consoleRefund(reference: string, value: string): Promise<void> {
    this.#wasElsewhere = true;
    const { control, currency } = this.#subject;
    await this.#control('console-refund', {
      provider: control.provider,
      reference,
      amount: { value, currency },
    });
  }

  /** The present simulated time, so many days ago. */
  async daysAgo(days: number): Promise<string> {
    const { now } = await this.#control<{ now: string }>('clock');
    return new Date(new Date(now).getTime() - days * DAY * 1000).toISOString();
  }

  /** After how many seconds a payment under way is credited; null: not by itself. */
  async setCredit(seconds: number | null): Promise<void> {
    const { provider } = this.#subject.control;
    await this.#control('mode', { provider, creditAfterSeconds: seconds });
  }

  /** From now on the provider tells of what happens to the account. */
  async listen(): Promise<void> {
    const { provider } = this.#subject.control;
    const url = webhookUrl(this.#service, this.#subject.account);
    await this.#control('webhooks', { provider, mode: 'on', url });
    this.#isListening = true;
  }

  /** Works on what was told, and on nothing else, until this is so. */
  async untilTold(isSo: () => Promise<boolean>): Promise<void> {
    await expect
      .poll(
        async () => {
          await workOnMessages(this.#service.app.world);
          return isSo();
        },
        { timeout: 20_000 },
      )
      .toBe(true);
  }

  // What a caller does.

  money(value: string = this.#subject.part, currency: string = this.#subject.currency) {
    return { money: { value, currency } };
  }

  newKey(): string {
    return `conformance-${(this.#keys += 1)}`;
  }

  /** createRefund of a part, unless `asked` says otherwise. */
  async refund(paymentId: string, asked: Asked = {}): Promise<RefundView | null> {
    const { key = this.newKey(), amount = this.money(), ...more } = asked;
    const { refund, errors, replayed } = await this.#mutate(CREATE, {
      input: {
        idempotencyKey: key,
        payment: { provider: { account: this.#subject.account, paymentId } },
        amount,
        reason: 'REQUESTED_BY_CUSTOMER',
        waitMs: 10_000,
        ...more,
      },
    });
    this.#observed.errors.push(...errors.map(({ code }) => code));
    if (refund !== null) this.#observed.answers.push(wordOf(refund));
    if (replayed === true) this.see('replayed');
    this.#track(refund);
    return refund;
  }

  /** cancelPayment, asked again with its key until it is known what came of it. */
  async cancelPayment(paymentId: string, more: Record<string, unknown> = {}): Promise<void> {
    const input = {
      idempotencyKey: this.newKey(),
      payment: { provider: { account: this.#subject.account, paymentId } },
      reason: 'REQUESTED_BY_CUSTOMER',
      waitMs: 10_000,
      ...more,
    };
    let payload = await this.#mutate(CANCEL_PAYMENT, { input });
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
    const { account } = this.#subject;
    const { payment } = await this.#query<{ payment: PaymentView }>(PAYMENT, { account, paymentId });
    for (const refund of payment.refunds.nodes) this.#track(refund);
    return payment;
  }

  /** The status of a payment as it is stored, without asking its provider. */
  async storedStatus(paymentId: string): Promise<string> {
    const { account } = this.#subject;
    const { payment } = await this.#query<{ payment: PaymentView }>(STORED_PAYMENT, { account, paymentId });
    return payment.status;
  }

  /** What is worth comparing besides. */
  see(what: string): void {
    this.#observed.seen.push(what);
  }

  /** The refunds of this scenario in the order in which they were made; `maxAgeSeconds: 0` asks the provider. */
  async refunds(maxAgeSeconds?: number): Promise<readonly RefundView[]> {
    if (this.#refunds.length === 0) return [];
    const { refunds } = await this.#query<{ refunds: { nodes: RefundView[] } }>(REFUNDS, {
      ids: this.#refunds,
      maxAgeSeconds,
    });
    return this.#refunds.map((id) => refunds.nodes.find((refund) => refund.id === id)!);
  }

  async wordNow(id: string): Promise<string> {
    return wordOf((await this.refunds()).find((refund) => refund.id === id)!);
  }

  // Time.

  /** So many seconds later, after a round of the engine. */
  async later(seconds: number): Promise<void> {
    const { offsetSeconds } = await this.#control<{ offsetSeconds: number }>('clock', {
      advanceSeconds: seconds,
    });
    await this.#service.app.moveClock(offsetSeconds);
    await driveDue(this.#service.app.world);
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
    const { lines } = this.#service.app.world;
    await expect.poll(() => lines.size, { interval: 20, timeout: 10_000 }).toBe(0);
  }

  // What came of it.

  /** Calls of the provider in this scenario so far. */
  async calls(): Promise<readonly LoggedRequest[]> {
    return (await this.#requests(this.#since)).requests;
  }

  /** Everything that an outcome names; also that the invariants hold of every payment. */
  async observe(): Promise<Observed> {
    const refunds = await this.refunds();
    const calls = await this.calls();
    const books = await Promise.all(this.#payments.map((id) => this.#ledgerOf(id)));
    // The books cannot be equal where somebody refunds unseen.
    const isBlind = this.#wasElsewhere && this.adapter.capabilities.externalRefunds === 'INVISIBLE';
    const isQuiet = !isBlind && refunds.every(({ isFinal }) => isFinal);
    for (const { reference } of books) await this.#expectSound(reference, isQuiet);
    return {
      ...this.#observed,
      ends: refunds.map(wordOf),
      effects: calls.filter(({ operation, effect }) => effect && CHANGING.has(operation ?? '')).length,
      sends: calls.filter(({ operation }) => operation === 'createRefund').length,
      returnedMinor: books
        .flatMap((payment) => payment.refunds)
        .filter(({ status }) => RETURNED.has(status))
        .reduce((sum, { amountMinor }) => sum + BigInt(amountMinor), 0n),
    };
  }

  async #expectSound(reference: string, quiet: boolean): Promise<void> {
    const { database } = this.#service;
    const known = await database.db
      .selectFrom('payments')
      .select('id')
      .where('provider_payment_id', '=', reference)
      .executeTakeFirst();
    if (known === undefined) return;
    await expectSound({ database, ledgerOf: (id) => this.#ledgerOf(id) }, reference, { quiet });
  }

  async #ledgerOf(reference: string): Promise<LedgerPayment> {
    const { provider } = this.#subject.control;
    const path = `ledger?provider=${provider}&reference=${encodeURIComponent(reference)}`;
    const { payments } = await this.#control<{ payments: LedgerPayment[] }>(path);
    if (payments[0] === undefined) throw new Error(`no payment ${reference} in the ledger`);
    return payments[0];
  }

  #requests(since: number) {
    const { provider } = this.#subject.control;
    return this.#control<{ requests: LoggedRequest[]; next: number }>(
      `requests?provider=${provider}&since=${since}`,
    );
  }

  #track(refund: RefundView | null): void {
    if (refund !== null && !this.#refunds.includes(refund.id)) this.#refunds.push(refund.id);
  }

  async #mutate(document: string, variables: Record<string, unknown>): Promise<Payload> {
    return (await this.#query<{ result: Payload }>(document, variables)).result;
  }

  async #query<T>(document: string, variables: Record<string, unknown>): Promise<T> {
    const { data, errors } = await this.#service.graphql<T>(document, variables);
    if (errors !== undefined) throw new Error(JSON.stringify(errors));
    return data;
  }

  /** @throws Impossible where the provider is not like that */
  async #control<T>(path: string, body?: unknown): Promise<T> {
    try {
      return await this.#service.control<T>(path, body);
    } catch (error) {
      if (error instanceof Error && /: 400 /.test(error.message)) throw new Impossible(error.message);
      throw error;
    }
  }
}

const wordOf = ({ status, moneyMovement }: RefundView): string => `${status}/${moneyMovement}`;

/** The first merchant with this account, in place of that of the same code. */
function withAccount(merchants: Config['merchants'], account: Configured | undefined): Config['merchants'] {
  if (account === undefined) return merchants;
  const limits = { maxInFlight: 8, requestsPerSecond: 10_000, minLookIntervalMs: 0 };
  return merchants.map((merchant, index) =>
    index === 0
      ? {
          ...merchant,
          accounts: [
            ...merchant.accounts.filter(({ code }) => code !== account.code),
            { ...account, ...limits },
          ],
        }
      : merchant,
  );
}
