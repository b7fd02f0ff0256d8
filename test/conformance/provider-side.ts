import { expect } from 'vitest';
import type { LoggedRequest } from '../support/rules.ts';
import type { TestService } from '../support/service.ts';
import type { LedgerPayment } from '../support/world.ts';
import { Impossible, Untried } from './observed.ts';
import type { Sibling, Subject } from './subjects.ts';

const DAY_MS = 86_400_000;

const yooKassa = { account: 'yookassa-demo', provider: 'yookassa', currency: 'RUB' } as const;

/** Whose refund is asked for, where it is not the subject's. */
export type Other = Pick<Sibling, 'account' | 'merchant'>;
/** Absent: `demo`. */
export type Whose = Sibling['merchant'];

export interface Asked {
  readonly of?: Other;
  readonly amount?: Record<string, unknown>;
  readonly key?: string;
  readonly waitMs?: number;
  readonly [field: string]: unknown;
}

/** One provider of the sandbox, and the words in which scenarios say what happens there. */
export class ProviderSide {
  readonly subject: Subject;
  protected readonly service: TestService;
  /** References of this scenario's payments. */
  protected payments: string[] = [];
  /** Whether somebody refunded there in this scenario. */
  protected wasElsewhere = false;

  constructor(service: TestService, subject: Subject) {
    this.service = service;
    this.subject = subject;
  }

  /** A new payment, captured unless `more` says otherwise; returns the provider's id. */
  async payment(more: Record<string, unknown> = {}): Promise<string> {
    const { whole, currency, control } = this.subject;
    const body = { ...control, amount: { value: whole, currency }, ...more };
    const { reference } = await this.control<{ reference: string }>('payments', body);
    this.payments.push(reference);
    return reference;
  }

  /** Arms a fault of the call that makes a refund, unless `more` names another operation. */
  async fault(kind: string, more: Record<string, unknown> = {}): Promise<void> {
    const { provider } = this.subject.control;
    await this.control('faults', { provider, operation: 'createRefund', kind, ...more });
  }

  /** The provider is well again. */
  async well(): Promise<void> {
    await this.service.control('faults', undefined, 'DELETE');
  }

  /** How new refunds end: at once, when `settle` says so, or like this as long as they can be stopped. */
  async mode(refunds: 'instant' | 'pending' | 'stoppable'): Promise<void> {
    const word = refunds === 'stoppable' ? (this.subject.stoppableMode ?? 'pending') : refunds;
    const { control, mode } = this.subject;
    await this.control('mode', { provider: control.provider, refunds: word, ...mode });
  }

  /** Ends every refund that has not ended. */
  async settle(status: 'succeeded' | 'failed' | 'canceled', more: object = {}): Promise<void> {
    const { provider } = this.subject.control;
    await this.control('settle', { provider, all: true, status, ...more });
  }

  /** The money of the refund of a payment comes back to the merchant. */
  async reverse(reference: string): Promise<void> {
    const [refund] = (await this.ledgerOf(reference)).refunds;
    const { provider } = this.subject.control;
    await this.control('settle', { provider, refundId: refund?.id, status: 'reversed' });
  }

  /** Somebody refunds in the provider's own console. */
  async consoleRefund(reference: string, value: string): Promise<void> {
    this.wasElsewhere = true;
    const { control, currency } = this.subject;
    await this.control('console-refund', {
      provider: control.provider,
      reference,
      amount: { value, currency },
    });
  }

  /** Somebody captures a hold at the provider. */
  async capture(reference: string): Promise<void> {
    const { capture, whole } = this.subject;
    const answer = await capture!(this.service.sandbox, reference, whole);
    expect(answer.status, await answer.text()).toBe(200);
  }

  /** Makes the next refund fail for good, in its answer or when `untilFailed` says so. */
  async failing(): Promise<void> {
    const { refusal } = this.subject;
    await (refusal === undefined ? this.mode('pending') : this.fault('refuse', refusal));
  }

  /** A payment of another account at the same provider. */
  async paymentOfSibling(): Promise<{ readonly payment: string; readonly asked: Asked }> {
    const { sibling, part, currency } = this.subject;
    if (sibling === undefined) throw new Untried('there is no other account');
    const { control, currency: own = currency } = sibling;
    return {
      payment: await this.payment({
        ...control,
        account: control.account,
        amount: { value: this.subject.whole, currency: own },
      }),
      asked: { of: sibling, amount: this.money(part, own) },
    };
  }

  /** A payment of an account at another provider, whose refunds wait until `settleNeighbour`. */
  async paymentOfNeighbour(): Promise<{ readonly payment: string; readonly asked: Asked }> {
    const { part, whole, neighbour = yooKassa } = this.subject;
    const { account, provider, currency } = neighbour;
    const control = this.service.sandboxControl;
    await control('mode', { provider, refunds: 'pending' });
    const { reference } = await control<{ reference: string }>('payments', {
      provider,
      amount: { value: whole, currency },
    });
    return { payment: reference, asked: { of: { account }, amount: this.money(part, currency) } };
  }

  async settleNeighbour(): Promise<void> {
    const { provider } = this.subject.neighbour ?? yooKassa;
    await this.service.sandboxControl('settle', { provider, all: true, status: 'succeeded' });
    await this.service.sandboxControl('mode', { provider, refunds: 'instant' });
  }

  /** The present simulated time, so many days ago. */
  async daysAgo(days: number): Promise<string> {
    const { now } = await this.control<{ now: string }>('clock');
    return new Date(new Date(now).getTime() - days * DAY_MS).toISOString();
  }

  money(value: string = this.subject.part, currency: string = this.subject.currency) {
    return { money: { value, currency } };
  }

  protected async ledgerOf(reference: string): Promise<LedgerPayment> {
    const { provider } = this.subject.control;
    const path = `ledger?provider=${provider}&reference=${encodeURIComponent(reference)}`;
    const { payments } = await this.control<{ payments: LedgerPayment[] }>(path);
    if (payments[0] === undefined) throw new Error(`no payment ${reference} in the ledger`);
    return payments[0];
  }

  protected requests(since: number) {
    const { provider } = this.subject.control;
    return this.control<{ requests: LoggedRequest[]; next: number }>(
      `requests?provider=${provider}&since=${since}`,
    );
  }

  /** @throws Impossible where the provider is not like that */
  protected async control<T>(path: string, body?: unknown): Promise<T> {
    try {
      return await this.service.control<T>(path, body);
    } catch (error) {
      if (error instanceof Error && /: 400 /.test(error.message)) throw new Impossible(error.message);
      throw error;
    }
  }
}
