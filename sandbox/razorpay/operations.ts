import type { Fault } from '../faults.ts';
import { announceCreation, type Announcer, announcePayment } from './announce.ts';
import { ApiError } from './api-error.ts';
import type { Principal } from './authenticate.ts';
import { capturePayment } from './capture.ts';
import { createRefund, findPayment } from './create-refund.ts';
import { forcedOutcome } from './fault-answers.ts';
import { isId } from './ids.ts';
import { listPage, type Page } from './lists.ts';
import type { PaymentRecord, RefundRecord } from './records.ts';
import { parseNotes, refuseExtraFields } from './refund-request.ts';
import type { Route } from './routes.ts';
import { cardView, type Json, paymentView, refundView } from './view.ts';

/** What an operation works with: whose books, at a simulated instant, perhaps under a fault. */
export interface Scene extends Announcer {
  principal: Principal;
  fault: Fault | undefined;
}

const NOTES_ONLY = new Set(['notes']);

/** `GET /payments/{id}`; `expand` may be written as oddly as clients do. */
export function readPayment(scene: Scene, { id = '' }: Route, query: URLSearchParams): Json {
  const payment = findPayment(scene.store, scope(scene), id);
  const wantsCard = query.getAll('expand[]').includes('card') && payment.method === 'card';
  return { ...viewPayment(scene, payment), ...(wantsCard && { card: cardView(payment) }) };
}

/** `GET /refunds/{id}` and `GET /payments/{id}/refunds/{id}`. */
export function readRefund(scene: Scene, route: Route): Json {
  if (route.refundId === undefined) return refundView(findRefund(scene, route.id ?? ''), scene.now);
  const payment = findPayment(scene.store, scope(scene), route.id ?? '');
  const refund = findRefund(scene, route.refundId);
  if (refund.paymentId !== payment.id) throw new ApiError('idUnknown');
  return refundView(refund, scene.now);
}

/** `GET /payments` and `GET /orders/{id}/payments`. */
export function readPayments(scene: Scene, { id }: Route, query: URLSearchParams): Page {
  if (id !== undefined && !isId('order', id)) throw new ApiError('idMalformed', { id });
  const { store } = scene;
  const timeline = store.timeline(`payments/${scope(scene)}${id === undefined ? '' : `/${id}`}`);
  if (id !== undefined && timeline.newestFirst().next().done === true) throw new ApiError('idUnknown');
  const listing = {
    timeline,
    get: (paymentId: string) => store.payments.get(paymentId),
    view: (payment: PaymentRecord) => viewPayment(scene, payment),
    order: 'newest' as const,
    lagSeconds: lagOf(scene),
  };
  return listPage(listing, query, store.settings, scene.now);
}

/** `GET /refunds` and `GET /payments/{id}/refunds`. */
export function readRefunds(scene: Scene, { id }: Route, query: URLSearchParams): Page {
  const { store, now } = scene;
  const payment = id === undefined ? undefined : findPayment(store, scope(scene), id);
  const listing = {
    timeline: store.timeline(`refunds/${scope(scene)}${payment === undefined ? '' : `/${payment.id}`}`),
    get: (refundId: string) => store.refunds.get(refundId),
    view: (refund: RefundRecord) => refundView(refund, now),
    order: payment === undefined ? ('newest' as const) : ('oldest' as const),
    lagSeconds: lagOf(scene),
  };
  return listPage(listing, query, store.settings, now);
}

/** `POST /payments/{id}/refund`. */
export function doCreateRefund(
  scene: Scene,
  { id = '' }: Route,
  body: Json | undefined,
  key: string | null,
): RefundRecord {
  const origin = { scope: scope(scene), providerKey: key, outcome: forcedOutcome(scene.fault) };
  const refund = createRefund(scene.store, id, body, origin, scene.now);
  announceCreation(scene, refund);
  return refund;
}

/** `POST /payments/{id}/capture`. */
export function doCapturePayment(scene: Scene, { id = '' }: Route, body: Json | undefined): Json {
  const payment = findPayment(scene.store, scope(scene), id);
  if (body === undefined) throw new ApiError('bodyUnreadable');
  const captured = capturePayment(scene.store, payment, body, scene.now);
  announcePayment(scene, captured);
  return viewPayment(scene, captured);
}

/** `PATCH /refunds/{id}`: replaces the notes; nothing else can be changed. */
export function doUpdateRefund(scene: Scene, { id = '' }: Route, body: Json | undefined): Json {
  const refund = findRefund(scene, id);
  if (body === undefined) throw new ApiError('bodyUnreadable');
  refuseExtraFields(body, NOTES_ONLY);
  if (body['notes'] === undefined) throw new ApiError('notesRequired');
  const changed: RefundRecord = { ...refund, notes: parseNotes(body['notes']) };
  scene.store.putRefund(changed);
  return refundView(changed, scene.now);
}

function findRefund({ store, principal }: Scene, id: string): RefundRecord {
  if (!isId('rfnd', id)) throw new ApiError('idMalformed', { id });
  const refund = store.refunds.get(id);
  if (refund === undefined || refund.scope !== principal.scope) throw new ApiError('idUnknown');
  return refund;
}

function viewPayment({ store }: Scene, payment: PaymentRecord): Json {
  return paymentView(payment, store.totals(payment.id), store.settings);
}

function scope({ principal }: Scene): string {
  return principal.scope;
}

function lagOf({ store, fault }: Scene): number {
  return Math.max(store.settings.listLagSeconds, fault?.kind === 'list-lag' ? (fault.seconds ?? 0) : 0);
}
