import type { Fault } from '../faults.ts';
import type { Merchant } from './accounts.ts';
import { ApiError } from './api-error.ts';
import { createRefund } from './create-refund.ts';
import { endOperation } from './end-operation.ts';
import { forcedOutcome } from './fault-answers.ts';
import { startHoldOperation } from './holds.ts';
import type { OperationRecord, OrderRecord } from './records.ts';
import { rollbackOrder } from './rollback.ts';
import type { Route } from './routes.ts';
import type { Store } from './store.ts';
import { type Json, operationView, orderData } from './view.ts';
import type { WebhookSender } from './webhooks.ts';

/** What an action works with: the merchant that asked, at a simulated instant, perhaps under a fault. */
export interface Scene {
  store: Store;
  webhooks: WebhookSender;
  merchant: Merchant;
  now: number;
  fault: Fault | undefined;
  /** Digest of path and body. */
  asked: string;
}

/** What a write answers. `effect`: whether it changed anything. */
export interface Outcome {
  data: Json;
  objectId: string;
  effect: boolean;
}

const HOLDS = { cancel: 'VOID', capture: 'CAPTURE', submit: 'SUBMIT' } as const;

/** `GET /v1/orders/{id}`: the order with all of its operations. Throws 404 for another merchant's order too. */
export function readOrder(scene: Scene, { id }: Route): Json {
  const { store } = scene;
  const order = ownOrder(scene, id);
  const hidden = store.settings.rollbackOperation === 'hidden';
  const operations = store
    .refundsOf(order.id)
    .filter((operation) => isVisible(scene, operation) && !(hidden && operation.origin === 'rollback'));
  return orderData(store, order, operations);
}

/** `GET /v1/operations/{externalOperationId}`: never by the provider's own operation id. Throws 404. */
export function readOperation(scene: Scene, { id }: Route): Json {
  const operation = scene.store.findExternal(scene.merchant.merchantId, id);
  if (operation === undefined || !isVisible(scene, operation)) throw new ApiError('operationUnknown');
  return { operation: operationView(operation) };
}

/** `POST /v2/orders/{id}/refund`. */
export function doRefund(scene: Scene, { id }: Route, body: Json): Outcome {
  const { store, now, asked, fault } = scene;
  const order = ownOrder(scene, id);
  const forgotten = fault?.kind === 'key-forgotten';
  const started = createRefund(store, order, body, { asked, forgotten, outcome: forcedOutcome(fault) }, now);
  return outcomeOf(started.operation, !started.repeated);
}

/** `POST /v1/orders/{id}/cancel`, `capture` and `submit`. */
export function doHoldOperation(scene: Scene, { id, action }: Route, body: Json): Outcome {
  const { store, now, asked, webhooks } = scene;
  const type = HOLDS[action as keyof typeof HOLDS]; // the router knows no others here
  const started = startHoldOperation(
    store,
    ownOrder(scene, id),
    type,
    body,
    { asked, forgotten: false },
    now,
  );
  if (started.repeated || store.settings.holdOperations !== 'immediate') {
    return outcomeOf(started.operation, !started.repeated);
  }
  const ended = endOperation(store, started.operation, { status: 'SUCCESS', reason: null }, now);
  webhooks.ended(ended);
  return outcomeOf(ended.operation, true);
}

/** `POST /v1/orders/{id}/rollback`; its answer says nothing. */
export function doRollback(scene: Scene, { id }: Route): Outcome {
  const { order, refund, changed } = rollbackOrder(scene.store, ownOrder(scene, id), scene.now);
  if (refund !== undefined) scene.webhooks.operation(refund);
  if (changed) scene.webhooks.order(order, refund !== undefined);
  return { data: {}, objectId: order.id, effect: changed };
}

function outcomeOf(operation: OperationRecord, effect: boolean): Outcome {
  return { data: { operation: operationView(operation) }, objectId: operation.id, effect };
}

function ownOrder({ store, merchant }: Scene, id: string): OrderRecord {
  const order = store.payments.get(id);
  if (order === undefined || order.merchantId !== merchant.merchantId) throw new ApiError('orderUnknown');
  return order;
}

// Reads may lag behind writes; nobody says by how much.
function isVisible({ store, fault, now }: Scene, { at }: OperationRecord): boolean {
  const forced = fault?.kind === 'list-lag' ? (fault.seconds ?? 0) : 0;
  const lagSeconds = Math.max(store.settings.readLagSeconds, forced);
  return lagSeconds === 0 || now - at >= lagSeconds * 1_000;
}
