import { randomBytes } from 'node:crypto';
import { ControlError } from '../control-error.ts';
import type { Journal } from '../journal.ts';
import type { WebhookMode } from '../simulator.ts';
import { WebhookOutbox } from '../webhook-outbox.ts';
import { getMerchant } from './accounts.ts';
import type { Ended } from './end-operation.ts';
import { FORGERIES, type Genuine } from './forgeries.ts';
import type { OperationRecord, OrderRecord } from './records.ts';
import type { Settings } from './settings.ts';
import { kidOf, type SigningKeys, signToken } from './signing-keys.ts';
import { type Json, shownStatus } from './view.ts';

const ATTEMPT_TIMEOUT_MS = 13_970; // the X-Request-Timeout of the documentation's sample

/** What tokens depend on when they are made. */
export interface SigningWorld {
  keys: SigningKeys;
  settings(): Settings;
  now(): number;
}

/**
 * Events as the provider sends them (docs merchant-api/webhook): the body is a bare JWT whose header, not whose payload,
 * has `iat` and `exp`. Every attempt has a signature of its own, as in the documentation's sample.
 */
export class WebhookSender {
  readonly #outbox: WebhookOutbox;
  readonly #world: SigningWorld;

  constructor(journal: Journal, defaultUrl: string | undefined, world: SigningWorld) {
    this.#world = world;
    this.#outbox = new WebhookOutbox(journal, defaultUrl, {
      journalKind: 'yandex-pay.webhooks',
      acknowledges: (status) => status === 200,
      attemptTimeoutMs: ATTEMPT_TIMEOUT_MS,
      disablesAfterFailure: false,
    });
  }

  setMode(mode: WebhookMode): void {
    if (mode.secret !== undefined || mode.account !== undefined) {
      const field = mode.secret === undefined ? 'account' : 'secret';
      throw new ControlError(field, 'yandex-pay signs with keys of its own; rotate them by mode signingKey');
    }
    this.#outbox.setMode(mode);
  }

  describe(): Json {
    return { ...this.#outbox.mode, deliveries: this.#outbox.deliveries };
  }

  reset(): void {
    this.#outbox.reset();
  }

  close(): void {
    this.#outbox.close();
  }

  /** The end of an operation; one that changed its order gives a second event. */
  ended({ operation, order }: Ended): void {
    this.operation(operation);
    const succeeded = operation.status === 'SUCCESS';
    const showsFailure = order.refundFailed && this.#world.settings().failedRefund === 'order-failed';
    if (succeeded || showsFailure) this.order(order, succeeded && operation.type === 'REFUND');
    this.#forge(operation);
  }

  /** `OPERATION_STATUS_UPDATED`. */
  operation(operation: OperationRecord): void {
    this.#send(this.#operationEvent(operation, operation.status), operation);
  }

  /** `ORDER_STATUS_UPDATED`. */
  order(order: OrderRecord, cartUpdated = false): void {
    const paymentStatus = shownStatus(order, this.#world.settings());
    const shown = { orderId: order.id, paymentStatus, ...(cartUpdated && { cartUpdated: true }) };
    const payload = { ...this.#envelope(order.merchantId, 'ORDER_STATUS_UPDATED'), order: shown };
    this.#send(payload, order);
  }

  // For mode "forge": each way of lying once, about an operation that has not succeeded.
  #forge(operation: OperationRecord): void {
    const payload = this.#operationEvent(operation, operation.status === 'SUCCESS' ? 'FAIL' : 'SUCCESS');
    for (const forge of Object.values(FORGERIES)) {
      this.#post(payload, operation, () => forge(this.#genuine(payload)), true);
    }
  }

  #send(payload: Json, subject: { id: string; merchantId: string }): void {
    const token = (): string => {
      const { header, key } = this.#genuine(payload);
      const asTexts = { iat: String(header.iat), exp: String(header.exp) };
      const strings = this.#world.settings().tokenTimes === 'strings';
      return signToken(strings ? { ...header, ...asTexts } : header, payload, key);
    };
    this.#post(payload, subject, token, false);
  }

  #post(
    payload: Json,
    { id, merchantId }: { id: string; merchantId: string },
    body: () => string,
    forged: boolean,
  ): void {
    this.#outbox.send({
      event: String(payload['event']),
      objectId: id,
      account: getMerchant(merchantId).account,
      path: this.#world.settings().callbackPath,
      body,
      headers: {
        'content-type': 'application/octet-stream',
        'user-agent': 'YandexPay/1.0',
        accept: '*/*',
        'x-request-id': `${randomBytes(16).toString('hex')}_${randomBytes(4).toString('hex')}`,
        'x-request-timeout': String(ATTEMPT_TIMEOUT_MS),
      },
      forged,
    });
  }

  #genuine(payload: Json): Genuine {
    const { signingKey, tokenLifeSeconds } = this.#world.settings();
    const iat = Math.floor(this.#world.now() / 1_000);
    const header = { alg: 'ES256', exp: iat + tokenLifeSeconds, iat, kid: kidOf(signingKey), typ: 'JWT' };
    return { header, payload, key: this.#world.keys.key(signingKey) };
  }

  #operationEvent({ id, externalId, type, paymentId, merchantId }: OperationRecord, status: string): Json {
    const operation = {
      operationId: id,
      ...(externalId !== null && { externalOperationId: externalId }),
      operationType: type,
      orderId: paymentId,
      status,
    };
    return { ...this.#envelope(merchantId, 'OPERATION_STATUS_UPDATED'), operation };
  }

  #envelope(merchantId: string, event: string): Json {
    const eventTime = new Date(this.#world.now()).toISOString().replace('Z', '000+00:00');
    return { merchantId, event, eventTime };
  }
}
