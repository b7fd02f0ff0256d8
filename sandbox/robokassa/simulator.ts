import { ControlError } from '../control-error.ts';
import { changedSettings, controlMinor, presentPayments } from '../control-input.ts';
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
import { SHOPS } from './accounts.ts';
import { CURRENCY, EXPONENT } from './amount.ts';
import { createCabinetRefund } from './create-refund.ts';
import { DEMO_PAYMENTS } from './demo-payments.ts';
import { settleDue } from './due.ts';
import { checkFault, faultApplies } from './fault-answers.ts';
import { ledgerOf } from './ledger.ts';
import { newPayment } from './new-payment.ts';
import { NotificationSender } from './notifications.ts';
import { Rejection } from './rejection.ts';
import { identifyRequest } from './request.ts';
import type { Announce } from './scene.ts';
import { seedDemoPayments } from './seed.ts';
import { settleRefunds } from './settle.ts';
import { SettingsSchema } from './settings.ts';
import { PUBLIC_KEY } from './signing-key.ts';
import { Store } from './store.ts';
import { DEFAULT_TEXTS } from './texts.ts';

/** RoboKassa, as far as refunds need it: both of its hosts on one port. */
export class RoboKassaSimulator implements Simulator {
  readonly provider = 'robokassa';
  readonly portOffset = 2;
  readonly basePath = '';
  readonly ownPaymentFields = ['paidByBuyer', 'state'] as const;
  readonly checkFault = checkFault;
  readonly faultApplies = faultApplies;
  readonly #options: SimulatorOptions;
  readonly #notifications: NotificationSender;
  #store: Store;

  constructor(options: SimulatorOptions) {
    this.#options = options;
    this.#store = new Store(options.journal);
    this.#notifications = new NotificationSender(options.journal, options.webhookUrl);
    if (this.#store.payments.size === 0) this.#seed();
  }

  identify(request: ProviderRequest): ProviderCall {
    this.tick();
    return identifyRequest(
      { store: () => this.#store, announce: this.#announce, now: () => this.#options.clock.now() },
      request,
    );
  }

  createPayment(input: NewPayment): string {
    const payment = newPayment(this.#store, input, this.#options.clock.now());
    this.#store.putPayment(payment);
    this.#store.commit();
    this.#announce(payment);
    this.tick();
    return payment.id;
  }

  readyPayments(): ReadyPayment[] {
    return presentPayments(DEMO_PAYMENTS, this.#store.payments);
  }

  consoleRefund({ reference, amount, source }: ConsoleRefund): string {
    this.tick();
    if (source !== undefined) throw new ControlError('source', 'split payments are not simulated');
    const payment = this.#store.payments.get(reference);
    if (payment === undefined) throw new ControlError('reference', 'no such payment');
    const minor = controlMinor(amount, CURRENCY, EXPONENT, 'amount');
    try {
      const refund = createCabinetRefund(this.#store, payment, minor, this.#options.clock.now());
      this.#store.commit();
      return refund.id;
    } catch (error) {
      if (!(error instanceof Rejection)) throw error;
      throw new ControlError(
        error.text === 'notEnoughFunds' ? 'amount' : 'reference',
        DEFAULT_TEXTS[error.text],
      );
    }
  }

  settle(settlement: Settlement): string[] {
    this.tick();
    const ended = settleRefunds(this.#store, settlement);
    this.#store.commit();
    return ended.map(({ id }) => id);
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
    this.#notifications.setMode(mode);
  }

  webhooks(): Record<string, unknown> {
    return this.#notifications.describe();
  }

  ledger(reference?: string): LedgerPayment[] {
    this.tick();
    return ledgerOf(this.#store, reference);
  }

  credentials(baseUrl: string): Record<string, string>[] {
    const hashAlgorithm = this.#store.settings.hash;
    const refundBaseUrl = `${baseUrl}/RefundService`;
    return SHOPS.map((shop) => ({
      ...shop,
      hashAlgorithm,
      jwtAlgorithm: 'HS256',
      baseUrl,
      refundBaseUrl,
      resultUrl2Certificate: PUBLIC_KEY,
    }));
  }

  tick(): void {
    const credited = settleDue(this.#store, this.#options.clock.now());
    this.#store.commit();
    for (const payment of credited) this.#announce(payment);
  }

  reset(): void {
    this.#store = new Store(this.#options.journal);
    this.#notifications.reset();
    this.#seed();
  }

  close(): void {
    this.#notifications.close();
  }

  #seed(): void {
    if (!this.#options.seed) return;
    seedDemoPayments(this.#store, this.#options.clock.now());
    this.#store.commit();
  }

  readonly #announce: Announce = (payment) => {
    this.#notifications.payment(payment, this.#store.settings, this.#options.clock.now());
  };
}
