import type { Fault } from '../faults.ts';
import type { Shop } from './accounts.ts';
import { ApiError, invalid } from './api-error.ts';
import { createRefund } from './create-refund.ts';
import { forcedOutcome } from './fault-answers.ts';
import { cancelPayment, capturePayment } from './holds.ts';
import type { Effect } from './idempotency.ts';
import { listPage, type Page } from './lists.ts';
import type { PaymentRecord } from './records.ts';
import type { Store } from './store.ts';
import { paymentView, refundView } from './view.ts';
import type { WebhookSender } from './webhooks.ts';

type Json = Record<string, unknown>;

/** What an operation works with: the shop that asked, at a simulated instant, perhaps under a fault. */
export interface Scene {
  store: Store;
  webhooks: WebhookSender;
  shop: Shop;
  now: number;
  fault: Fault | undefined;
}

const PAYMENT_STATUSES = ['pending', 'waiting_for_capture', 'succeeded', 'canceled'];
const REFUND_STATUSES = ['pending', 'succeeded', 'canceled'];

/** `GET /me`: the cheapest check of credentials. */
export function readAccount({ shop }: Scene): Json {
  return {
    account_id: shop.shopId,
    status: 'enabled',
    test: true,
    fiscalization_enabled: false,
    payment_methods: ['bank_card', 'yoo_money', 'sbp', 'sberbank'],
  };
}

/** `GET /payments/{id}`; 404 for another shop's payment as for an absent one. */
export function readPayment(scene: Scene, id: string): Json {
  const payment = ownPayment(scene, id);
  if (payment === undefined) throw new ApiError(404, 'not_found', 'notFound');
  return viewPayment(scene, payment);
}

/** `GET /refunds/{id}`. */
export function readRefund(scene: Scene, id: string): Json {
  const view = viewRefund(scene, id);
  if (view === undefined) throw new ApiError(404, 'not_found', 'notFound');
  return view;
}

/** `GET /payments`. */
export function readPayments(scene: Scene, query: URLSearchParams): Page {
  const { store, shop, now } = scene;
  return listPage<PaymentRecord>(
    {
      timeline: store.timeline(`payments/${shop.shopId}`),
      get: (id) => store.payments.get(id),
      view: (payment) => viewPayment(scene, payment),
      equals: {
        status: { of: (payment) => payment.status, allowed: PAYMENT_STATUSES },
        payment_method: { of: (payment) => payment.method },
      },
      instants: { created_at: (payment) => payment.at, captured_at: (payment) => payment.capturedAt },
      lagSeconds: lagOf(scene),
    },
    query,
    store.settings,
    now,
  );
}

/** `GET /refunds`; the refunds of one payment come from an index. */
export function readRefunds(scene: Scene, query: URLSearchParams): Page {
  const { store, shop, now } = scene;
  const paymentId = query.get('payment_id');
  return listPage(
    {
      timeline: store.timeline(`refunds/${shop.shopId}${paymentId === null ? '' : `/${paymentId}`}`),
      get: (id) => store.refunds.get(id),
      view: (refund) => viewRefund(scene, refund.id) ?? {},
      equals: {
        status: { of: (refund) => refund.status, allowed: REFUND_STATUSES },
        payment_id: { of: (refund) => refund.paymentId },
      },
      instants: { created_at: (refund) => refund.at },
      lagSeconds: lagOf(scene),
    },
    query,
    store.settings,
    now,
  );
}

/** `POST /refunds`. */
export function doCreateRefund(scene: Scene, body: Json, providerKey: string): Effect {
  const { store, shop, now, fault } = scene;
  const refund = createRefund(
    store,
    body,
    { shopId: shop.shopId, providerKey, outcome: forcedOutcome(fault) },
    now,
  );
  const view = viewRefund(scene, refund.id) ?? {};
  if (refund.status === 'succeeded') scene.webhooks.emit('refund.succeeded', shop.account, view);
  scene.webhooks.forge(shop.account, view, now);
  return { body: view, objectId: refund.id };
}

/** `POST /payments/{id}/cancel`. The specification has no 404 for POST: an unknown payment is a 400. */
export function doCancelPayment(scene: Scene, id: string): Effect {
  return changed(scene, 'payment.canceled', cancelPayment(scene.store, knownPayment(scene, id)));
}

/** `POST /payments/{id}/capture`. */
export function doCapturePayment(scene: Scene, id: string, body: Json): Effect {
  return changed(
    scene,
    'payment.succeeded',
    capturePayment(scene.store, knownPayment(scene, id), body, scene.now),
  );
}

/** The object as it is now, for replays that answer with the present state. */
export function currentObject(scene: Scene, id: string): Json | undefined {
  const payment = ownPayment(scene, id);
  return payment === undefined ? viewRefund(scene, id) : viewPayment(scene, payment);
}

function changed(
  scene: Scene,
  event: 'payment.canceled' | 'payment.succeeded',
  payment: PaymentRecord,
): Effect {
  const view = viewPayment(scene, payment);
  scene.webhooks.emit(event, scene.shop.account, view);
  return { body: view, objectId: payment.id };
}

function ownPayment({ store, shop }: Scene, id: string): PaymentRecord | undefined {
  const payment = store.payments.get(id);
  return payment?.shopId === shop.shopId ? payment : undefined;
}

function knownPayment(scene: Scene, id: string): PaymentRecord {
  const payment = ownPayment(scene, id);
  if (payment === undefined) throw invalid('paymentUnknown', 'payment_id');
  return payment;
}

function viewPayment({ store, now }: Scene, payment: PaymentRecord): Json {
  return paymentView(payment, store.totals(payment.id), now);
}

function viewRefund({ store, shop }: Scene, id: string): Json | undefined {
  const refund = store.refunds.get(id);
  if (refund === undefined || refund.shopId !== shop.shopId) return undefined;
  return refundView(refund, store.payments.get(refund.paymentId)?.method ?? '');
}

function lagOf({ store, fault }: Scene): number {
  return Math.max(store.settings.listLagSeconds, fault?.kind === 'list-lag' ? (fault.seconds ?? 0) : 0);
}
