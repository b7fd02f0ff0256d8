import { ControlError } from '../control-error.ts';
import { changedSettings, controlMinor, pendingRefunds, presentPayments } from '../control-input.ts';
import type {
  ConsoleRefund,
  LedgerPayment,
  NewPayment,
  ProviderCall,
  ProviderRequest,
  ReadyPayment,
  Settlement,
  Simulator,
  SimulatorOptions,
  WebhookMode,
} from '../simulator.ts';
import { getShop, SHOPS } from './accounts.ts';
import { ApiError } from './api-error.ts';
import { refundCancellation } from './cancellations.ts';
import { createConsoleRefund } from './create-refund.ts';
import { DEMO_PAYMENTS } from './demo-payments.ts';
import { checkFault, faultApplies } from './fault-answers.ts';
import { expireHolds } from './holds.ts';
import { ledgerOf } from './ledger.ts';
import { newPayment } from './new-payment.ts';
import { EXPONENT, type PaymentRecord, type RefundRecord } from './records.ts';
import { identifyRequest } from './request.ts';
import { seedDemoPayments } from './seed.ts';
import { SettingsSchema } from './settings.ts';
import { Store } from './store.ts';
import { DEFAULT_TEXTS } from './texts.ts';
import { paymentView, refundView } from './view.ts';
import { type WebhookEvent, WebhookSender } from './webhooks.ts';

const PAYMENT_EVENTS: Partial<Record<PaymentRecord['status'], WebhookEvent>> = {
  waiting_for_capture: 'payment.waiting_for_capture',
  succeeded: 'payment.succeeded',
  canceled: 'payment.canceled',
};

/** The YooKassa API v3, as far as refunds need it. */
export class YooKassaSimulator implements Simulator {
  readonly provider = 'yookassa';
  readonly portOffset = 1;
  readonly basePath = '/v3';
  readonly checkFault = checkFault;
  readonly faultApplies = faultApplies;
  readonly #options: SimulatorOptions;
  readonly #webhooks: WebhookSender;
  #store: Store;

  constructor(options: SimulatorOptions) {
    this.#options = options;
    this.#store = new Store(options.journal);
    this.#webhooks = new WebhookSender(options.journal, options.webhookUrl);
    if (this.#store.payments.size === 0) this.#seed();
  }

  identify(request: ProviderRequest): ProviderCall {
    this.tick();
    const now = (): number => this.#options.clock.now();
    return identifyRequest({ store: () => this.#store, webhooks: this.#webhooks, now }, request);
  }

  createPayment(input: NewPayment): string {
    const payment = newPayment(this.#store, input, this.#options.clock.now());
    this.#store.putPayment(payment);
    this.#store.commit();
    this.#notifyPayment(payment);
    this.tick();
    return payment.id;
  }

  readyPayments(): ReadyPayment[] {
    return presentPayments(DEMO_PAYMENTS, this.#store.payments);
  }

  consoleRefund({ reference, amount, source }: ConsoleRefund): string {
    this.tick();
    const payment = this.#store.payments.get(reference);
    if (payment === undefined) throw new ControlError('reference', 'no such payment');
    const requested = {
      minor: controlMinor(amount, payment.currency, EXPONENT, 'amount'),
      currency: payment.currency,
    };
    const fee = source?.platformFee;
    const feeMinor =
      fee === undefined ? undefined : controlMinor(fee, payment.currency, EXPONENT, 'source.platformFee');
    try {
      const request = {
        amount: requested,
        hasRefundMethodData: false,
        source: source && {
          accountId: source.account,
          amount: requested,
          fee: feeMinor === undefined ? undefined : { minor: feeMinor, currency: payment.currency },
        },
      };
      const refund = createConsoleRefund(this.#store, payment, request, this.#options.clock.now());
      this.#store.commit();
      this.#notifyRefund(refund);
      return refund.id;
    } catch (error) {
      if (error instanceof ApiError) throw new ControlError(fieldOf(error), DEFAULT_TEXTS[error.text]);
      throw error;
    }
  }

  settle(settlement: Settlement): string[] {
    if (settlement.status === 'reversed') {
      throw new ControlError(
        'status',
        'a yookassa refund is final once it has succeeded; it cannot be reversed',
      );
    }
    if (settlement.trace !== undefined) {
      throw new ControlError('trace', 'yookassa shows its trace number with the success');
    }
    const succeeded = settlement.status === 'succeeded';
    if (succeeded && settlement.reason !== undefined)
      throw new ControlError('reason', 'only for a canceled refund');
    const settled = pendingRefunds(this.#store.refunds, settlement).map((refund): RefundRecord =>
      succeeded
        ? { ...refund, status: 'succeeded' }
        : {
            ...refund,
            status: 'canceled',
            cancellation: refundCancellation(settlement.reason ?? 'general_decline'),
          },
    );
    for (const refund of settled) this.#store.putRefund(refund);
    this.#store.commit();
    for (const refund of settled) this.#notifyRefund(refund);
    return settled.map((refund) => refund.id);
  }

  mode(): Record<string, unknown> {
    return { ...this.#store.settings };
  }

  setMode(mode: Record<string, unknown>): void {
    this.#store.putSettings(changedSettings(SettingsSchema, this.#store.settings, mode));
    this.#store.commit();
  }

  setWebhooks(mode: WebhookMode): void {
    this.#webhooks.setMode(mode);
  }

  webhooks(): Record<string, unknown> {
    return this.#webhooks.describe();
  }

  ledger(reference?: string): LedgerPayment[] {
    this.tick();
    return ledgerOf(this.#store, reference);
  }

  credentials(baseUrl: string): Record<string, string>[] {
    return SHOPS.map(({ account, shopId, secretKey }) => ({ account, shopId, secretKey, baseUrl }));
  }

  tick(): void {
    const expired = expireHolds(this.#store, this.#options.clock.now());
    this.#store.commit();
    for (const payment of expired) this.#notifyPayment(payment);
  }

  reset(): void {
    this.#store = new Store(this.#options.journal);
    this.#webhooks.reset();
    this.#seed();
  }

  close(): void {
    this.#webhooks.close();
  }

  #seed(): void {
    if (!this.#options.seed) return;
    seedDemoPayments(this.#store, this.#options.clock.now());
    this.#store.commit();
  }

  #notifyPayment(payment: PaymentRecord): void {
    const event = PAYMENT_EVENTS[payment.status];
    if (event === undefined) return;
    const view = paymentView(payment, this.#store.totals(payment.id), this.#options.clock.now());
    this.#webhooks.emit(event, getShop(payment.shopId).account, view);
  }

  // There is no event for a canceled refund (page using-api/webhooks).
  #notifyRefund(refund: RefundRecord): void {
    const view = refundView(refund, this.#store.payments.get(refund.paymentId)?.method ?? '');
    const { account } = getShop(refund.shopId);
    if (refund.status === 'succeeded') this.#webhooks.emit('refund.succeeded', account, view);
    this.#webhooks.forge(account, view, this.#options.clock.now());
  }
}

// The console call has other field names than the provider's API.
function fieldOf(error: ApiError): string {
  if (error.parameter?.startsWith('sources') === true) return 'source';
  return error.parameter?.startsWith('amount') === true ? 'amount' : 'reference';
}
