import { ControlError } from '../control-error.ts';
import { changedSettings, presentPayments } from '../control-input.ts';
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
import { ACCOUNTS, PARTNER_PAIRS } from './accounts.ts';
import { announceCreation, type Announcer, announcePayment, announceSettlement } from './announce.ts';
import { ApiError, describe } from './api-error.ts';
import { createConsoleRefund } from './create-refund.ts';
import { DEMO_PAYMENTS } from './demo-payments.ts';
import { settleDue } from './due.ts';
import { checkFault, faultApplies } from './fault-answers.ts';
import { ledgerOf } from './ledger.ts';
import { newPayment, razorpayMinor } from './new-payment.ts';
import { identifyRequest } from './request.ts';
import { seedDemoPayments } from './seed.ts';
import { SettingsSchema } from './settings.ts';
import { settleRefunds } from './settle.ts';
import { Store } from './store.ts';
import { WebhookSender } from './webhooks.ts';

/** The Razorpay and Curlec API v1, as far as refunds need it. */
export class RazorpaySimulator implements Simulator {
  readonly provider = 'razorpay';
  readonly portOffset = 3;
  readonly basePath = '/v1';
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
    return identifyRequest(
      { store: () => this.#store, webhooks: this.#webhooks, now: () => this.#options.clock.now() },
      request,
    );
  }

  createPayment(input: NewPayment): string {
    const payment = newPayment(this.#store, input, this.#options.clock.now());
    this.#store.putPayment(payment);
    this.#store.commit();
    announcePayment(this.#announcer(), payment);
    this.tick();
    return payment.id;
  }

  readyPayments(): ReadyPayment[] {
    return presentPayments(DEMO_PAYMENTS, this.#store.payments);
  }

  consoleRefund({ reference, amount, source }: ConsoleRefund): string {
    this.tick();
    if (source !== undefined)
      throw new ControlError('source', 'transfers of Razorpay Route are not simulated');
    const payment = this.#store.payments.get(reference);
    if (payment === undefined) throw new ControlError('reference', 'no such payment');
    const minor = razorpayMinor(amount, payment.currency, 'amount');
    try {
      const refund = createConsoleRefund(this.#store, payment, minor, this.#options.clock.now());
      this.#store.commit();
      announceCreation(this.#announcer(), refund);
      return refund.id;
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      throw new ControlError(error.field ?? 'reference', describe(error.text, {}, error.blanks));
    }
  }

  settle(settlement: Settlement): string[] {
    this.tick();
    const now = this.#options.clock.now();
    const { ended, traced } = settleRefunds(this.#store, settlement, now);
    this.#store.commit();
    for (const refund of ended) announceSettlement(this.#announcer(), refund);
    return [...ended, ...traced].map(({ id }) => id);
  }

  mode(): Record<string, unknown> {
    return { ...this.#store.settings };
  }

  setMode(mode: Record<string, unknown>): void {
    this.#store.putSettings(changedSettings(SettingsSchema, this.#store.settings, mode));
    this.#store.commit();
    this.tick();
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
    const [pair] = PARTNER_PAIRS;
    if (pair === undefined) throw new Error('a partner without credentials');
    const { clientId, clientSecret } = pair;
    return ACCOUNTS.map((owner) => {
      const { account, accountId, keyId, keySecret } = owner;
      const webhookSecret = this.#webhooks.secretOf(owner);
      return { account, clientId, clientSecret, accountId, keyId, keySecret, baseUrl, webhookSecret };
    });
  }

  tick(): void {
    const { ended, returned } = settleDue(this.#store, this.#options.clock.now());
    this.#store.commit();
    for (const refund of ended) announceSettlement(this.#announcer(), refund);
    for (const refund of returned) announceCreation(this.#announcer(), refund);
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

  #announcer(): Announcer {
    return { store: this.#store, webhooks: this.#webhooks, now: this.#options.clock.now() };
  }
}
