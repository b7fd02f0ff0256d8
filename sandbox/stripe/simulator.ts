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
import { ACCOUNTS } from './accounts.ts';
import { announceChange, announceCreation, type Announcer } from './announce.ts';
import { ApiError, describe } from './api-error.ts';
import { createConsoleRefund } from './create-refund.ts';
import { DEMO_PAYMENTS } from './demo-payments.ts';
import { checkFault, faultApplies } from './fault-answers.ts';
import { ledgerOf } from './ledger.ts';
import { newPayment, stripeMinor } from './new-payment.ts';
import { identifyRequest } from './request.ts';
import { seedDemoPayments } from './seed.ts';
import { SettingsSchema } from './settings.ts';
import { settleRefunds } from './settle.ts';
import { Store } from './store.ts';
import { WebhookSender } from './webhooks.ts';

/** The Stripe API v1, as far as refunds need it. What takes `account` is narrowed to it; the control API gives none. */
export class StripeSimulator implements Simulator {
  readonly provider = 'stripe';
  readonly portOffset = 5;
  readonly basePath = '/v1';
  readonly checkFault = checkFault;
  readonly faultApplies = faultApplies;
  readonly #options: SimulatorOptions;
  readonly #webhooks: WebhookSender;
  #store: Store;

  constructor(options: SimulatorOptions) {
    this.#options = options;
    this.#store = new Store(options.journal);
    this.#webhooks = new WebhookSender(options.journal, options.webhookUrl, () => options.clock.now());
    if (this.#store.payments.size === 0) this.#seed();
  }

  identify(request: ProviderRequest): ProviderCall {
    return identifyRequest(
      { store: () => this.#store, webhooks: this.#webhooks, now: () => this.#options.clock.now() },
      request,
    );
  }

  createPayment(input: NewPayment): string {
    const payment = newPayment(this.#store, input, this.#options.clock.now());
    this.#store.putPayment(payment);
    this.#store.commit();
    return payment.id;
  }

  readyPayments(account?: string): ReadyPayment[] {
    const ready = presentPayments(DEMO_PAYMENTS, this.#store.payments);
    return account === undefined ? ready : ready.filter((payment) => payment.account === account);
  }

  consoleRefund({ reference, amount, source }: ConsoleRefund): string {
    if (source !== undefined)
      throw new ControlError('source', 'transfers of Stripe Connect are not simulated');
    const payment = this.#store.payments.get(reference);
    if (payment === undefined) throw new ControlError('reference', 'no such payment');
    const minor = stripeMinor(amount, payment.currency, 'amount');
    try {
      const refund = createConsoleRefund(this.#store, payment, minor, this.#options.clock.now());
      this.#store.commit();
      announceCreation(this.#announcer(), refund);
      return refund.id;
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      const field = error.param === 'amount' ? 'amount' : 'reference';
      throw new ControlError(field, describe(error.text, {}, error.blanks));
    }
  }

  settle(settlement: Settlement, account?: string): string[] {
    const settled = settleRefunds(this.#store, settlement, this.#options.clock.now(), account);
    this.#store.commit();
    for (const refund of settled) announceChange(this.#announcer(), refund);
    return settled.map(({ id }) => id);
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

  ledger(reference?: string, account?: string): LedgerPayment[] {
    return ledgerOf(this.#store, reference, account);
  }

  credentials(baseUrl: string, only?: string): Record<string, string>[] {
    const { hostname: host, port, origin } = new URL(baseUrl);
    return ACCOUNTS.filter(({ account }) => only === undefined || account === only).map((owner) => ({
      account: owner.account,
      apiKey: owner.apiKey,
      accountId: owner.accountId,
      webhookSecret: this.#webhooks.secretOf(owner),
      host,
      port,
      protocol: 'http',
      baseUrl,
      prismBaseUrl: `${origin}/`,
    }));
  }

  tick(): void {
    // Nothing happens by itself: reference numbers are shown by the clock when they are read.
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
