import { ControlError } from '../control-error.ts';
import { changedSettings, presentPayments } from '../control-input.ts';
import { isObject } from '../json.ts';
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
import { ACCOUNTS, credentialsOf } from './accounts.ts';
import { NotificationSender } from './adyen/notifications.ts';
import { announcerOf } from './announce.ts';
import { ALL_CONNECTORS, connectorOf, findConnector } from './connectors.ts';
import { DEMO_PAYMENTS } from './demo-payments.ts';
import { checkFault, faultApplies } from './fault-answers.ts';
import { ledgerOf } from './ledger.ts';
import { newPayment, prismMinor } from './new-payment.ts';
import { openRefund } from './refunds.ts';
import { identifyRequest } from './request.ts';
import { seedDemoPayments } from './seed.ts';
import { SettingsSchema } from './settings.ts';
import { settleRefunds } from './settle.ts';
import { Store } from './store.ts';
import { StripeSide, type StripeSimulator } from './stripe-side.ts';

/** The processors behind Hyperswitch Prism, each below its own path; `stripe` is the Stripe simulator's if there is one. */
export class PrismSimulator implements Simulator {
  readonly provider = 'prism';
  readonly portOffset = 6;
  readonly basePath = '';
  readonly checkFault = checkFault;
  readonly faultApplies = faultApplies;
  readonly #options: SimulatorOptions;
  readonly #notifications: NotificationSender;
  readonly #stripe: StripeSide;
  #store: Store;

  constructor(options: SimulatorOptions, stripe?: StripeSimulator) {
    this.#options = options;
    this.#stripe = new StripeSide(stripe);
    this.#store = new Store(options.journal);
    this.#notifications = new NotificationSender(options.journal, options.webhookUrl);
    if (this.#store.payments.size === 0) this.#seed();
  }

  identify(request: ProviderRequest): ProviderCall {
    const now = (): number => this.#options.clock.now();
    return identifyRequest(
      { store: () => this.#store, announce: announcerOf(this.#notifications, now), now },
      request,
    );
  }

  createPayment(input: NewPayment): string {
    const { connector: name = 'stripe' } = input;
    if (name === 'stripe') return this.#stripe.createPayment(input);
    const connector = findConnector(name);
    if (connector === undefined) {
      const known = ['stripe', ...ALL_CONNECTORS.map((candidate) => candidate.name)].join(', ');
      throw new ControlError('connector', `unknown connector; known are ${known}`);
    }
    const payment = newPayment(this.#store, connector, input, this.#options.clock.now());
    this.#store.putPayment(payment);
    this.#store.commit();
    return payment.id;
  }

  readyPayments(): ReadyPayment[] {
    return [...this.#stripe.readyPayments(), ...presentPayments(DEMO_PAYMENTS, this.#store.payments)];
  }

  consoleRefund(input: ConsoleRefund): string {
    const payment = this.#store.payments.get(input.reference);
    if (payment === undefined) {
      const refundId = this.#stripe.consoleRefund(input);
      if (refundId === undefined) throw new ControlError('reference', 'no such payment');
      return refundId;
    }
    if (input.source !== undefined) throw new ControlError('source', 'split payments are not simulated');
    const amountMinor = prismMinor(input.amount, payment.currency, 'amount');
    if (payment.status !== 'captured') throw new ControlError('reference', `is ${payment.status}`);
    if (amountMinor > this.#store.leftMinor(payment))
      throw new ControlError('amount.value', 'is more than is left');
    const id = connectorOf(payment.connector).mintRefundId();
    const made = { id, amountMinor, reference: null, origin: 'console', forced: undefined } as const;
    const now = this.#options.clock.now();
    const refund = openRefund(this.#store, payment, made, now);
    this.#store.commit();
    announcerOf(this.#notifications, () => now).refund(refund);
    return refund.id;
  }

  settle(settlement: Settlement): string[] {
    const { refundId } = settlement;
    if (refundId !== undefined && this.#stripe.owns(refundId)) return this.#stripe.settle(settlement);
    const before = new Map(this.#store.refunds);
    const ended = settleRefunds(this.#store, settlement);
    this.#store.commit();
    const announcer = announcerOf(this.#notifications, () => this.#options.clock.now());
    for (const refund of ended) announcer.settled(refund, before.get(refund.id)?.status ?? 'pending');
    const own = ended.map(({ id }) => id);
    return refundId === undefined ? [...own, ...this.#stripe.settle(settlement)] : own;
  }

  mode(): Record<string, unknown> {
    const stripe = this.#stripe.mode();
    return { ...this.#store.settings, ...(stripe !== undefined && { stripe }) };
  }

  /** `refunds` is for every connector, the Stripe simulator's included; `stripe` holds fields for that one alone. */
  setMode({ stripe, ...mode }: Record<string, unknown>): void {
    if (stripe !== undefined && !isObject(stripe)) throw new ControlError('stripe', 'must be an object');
    const settings = changedSettings(SettingsSchema, this.#store.settings, mode);
    const { refunds } = mode;
    const forStripe = { ...(refunds !== undefined && { refunds }), ...stripe };
    if (Object.keys(forStripe).length > 0) this.#stripe.setMode(forStripe);
    this.#store.putSettings(settings);
    this.#store.commit();
  }

  setWebhooks(mode: WebhookMode): void {
    this.#notifications.setMode(mode);
  }

  webhooks(): Record<string, unknown> {
    return this.#notifications.describe();
  }

  ledger(reference?: string): LedgerPayment[] {
    return [...this.#stripe.ledger(reference), ...ledgerOf(this.#store, reference)];
  }

  credentials(baseUrl: string): Record<string, string>[] {
    return ACCOUNTS.flatMap((owner) =>
      ALL_CONNECTORS.map(({ name }) => ({
        account: owner.account,
        connector: name,
        baseUrl: `${baseUrl}/${name}/`,
        ...credentialsOf(owner, name),
        ...(name === 'adyen' && { hmacKey: this.#notifications.keyOf(owner) }),
      })),
    );
  }

  tick(): void {}

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
}
