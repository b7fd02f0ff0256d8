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
import { MERCHANTS } from './accounts.ts';
import { DECIMALS } from './amounts.ts';
import { ApiError } from './api-error.ts';
import { createConsoleRefund } from './create-refund.ts';
import { DEMO_PAYMENTS } from './demo-payments.ts';
import { type Ended, endDue, endOperation } from './end-operation.ts';
import { checkFault, faultApplies } from './fault-answers.ts';
import { ledgerOf } from './ledger.ts';
import { currencyOf, newPayment } from './new-payment.ts';
import { identifyRequest } from './request.ts';
import { putNewOrder, seedDemoPayments } from './seed.ts';
import { SettingsSchema } from './settings.ts';
import { settleOperations } from './settle.ts';
import { SigningKeys } from './signing-keys.ts';
import { Store } from './store.ts';
import { WebhookSender } from './webhooks.ts';

const LONGEST_TIMER_MS = 2_147_483_647;

/** The Yandex Pay API of both regional editions, as far as refunds need it. */
export class YandexPaySimulator implements Simulator {
  readonly provider = 'yandex-pay';
  readonly portOffset = 4;
  readonly basePath = '/api';
  readonly checkFault = checkFault;
  readonly faultApplies = faultApplies;
  readonly #options: SimulatorOptions;
  readonly #keys: SigningKeys;
  readonly #webhooks: WebhookSender;
  readonly #timers = new Set<NodeJS.Timeout>();
  #store: Store;

  constructor(options: SimulatorOptions) {
    this.#options = options;
    this.#store = new Store(options.journal);
    this.#keys = new SigningKeys(options.journal);
    this.#webhooks = new WebhookSender(options.journal, options.webhookUrl, {
      keys: this.#keys,
      settings: () => this.#store.settings,
      now: () => options.clock.now(),
    });
    if (this.#store.payments.size === 0) this.#seed();
  }

  identify(request: ProviderRequest): ProviderCall {
    this.tick();
    const world = {
      store: () => this.#store,
      webhooks: this.#webhooks,
      keys: this.#keys,
      now: () => this.#options.clock.now(),
      started: () => this.#tickLater(),
    };
    return identifyRequest(world, request);
  }

  createPayment(input: NewPayment): string {
    const order = newPayment(this.#store, input, this.#options.clock.now());
    const operation = putNewOrder(this.#store, order);
    this.#store.commit();
    if (operation?.type === 'CAPTURE') this.#webhooks.operation(operation);
    if (operation !== undefined) this.#webhooks.order(order);
    return order.id;
  }

  readyPayments(): ReadyPayment[] {
    return presentPayments(DEMO_PAYMENTS, this.#store.payments);
  }

  consoleRefund({ reference, amount, source }: ConsoleRefund): string {
    this.tick();
    if (source !== undefined) {
      throw new ControlError('source', 'a yandex-pay order has no sellers to split it between');
    }
    const order = this.#store.payments.get(reference);
    if (order === undefined) throw new ControlError('reference', 'no such order');
    const minor = controlMinor(amount, order.currency, DECIMALS, 'amount');
    const now = this.#options.clock.now();
    try {
      const refund = createConsoleRefund(this.#store, order, minor, now);
      this.#announce([endOperation(this.#store, refund, { status: 'SUCCESS', reason: null }, now)]);
      return refund.id;
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      const isState = error.text === 'statusWrong' || error.text === 'anotherOperation';
      throw new ControlError(isState ? 'reference' : 'amount', error.message);
    }
  }

  settle(settlement: Settlement): string[] {
    this.tick();
    const ended = settleOperations(this.#store, settlement, this.#options.clock.now());
    this.#announce(ended);
    return ended.map(({ operation }) => operation.id);
  }

  mode(): Record<string, unknown> {
    return { ...this.#store.settings };
  }

  setMode(mode: Record<string, unknown>): void {
    this.tick();
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
    return MERCHANTS.map((merchant) => ({
      account: merchant.account,
      apiKey: merchant.merchantId,
      merchantId: merchant.merchantId,
      edition: merchant.edition,
      currency: currencyOf(merchant, this.#store.settings),
      baseUrl: `${baseUrl}/merchant`,
      jwksUrl: `${baseUrl}/jwks`,
    }));
  }

  tick(): void {
    this.#announce(endDue(this.#store, this.#options.clock.now()));
  }

  reset(): void {
    this.#store = new Store(this.#options.journal);
    this.#keys.keep();
    this.#webhooks.reset();
    this.#seed();
  }

  close(): void {
    for (const timer of this.#timers) clearTimeout(timer);
    this.#webhooks.close();
  }

  #announce(ended: Ended[]): void {
    this.#store.commit();
    for (const one of ended) this.#webhooks.ended(one);
  }

  // So that webhooks come without anybody asking. A journal that cannot be written fails the next request instead.
  #tickLater(): void {
    const delayMs = Math.min(this.#store.settings.settleAfterSeconds * 1_000, LONGEST_TIMER_MS);
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      try {
        this.tick();
      } catch {
        return;
      }
    }, delayMs);
    timer.unref();
    this.#timers.add(timer);
  }

  #seed(): void {
    if (!this.#options.seed) return;
    seedDemoPayments(this.#store, this.#options.clock.now());
    this.#store.commit();
  }
}
