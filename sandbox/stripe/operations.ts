import type { Fault } from '../faults.ts';
import type { StripeAccount } from './accounts.ts';
import { announceChange, announceCreation, type Announcer } from './announce.ts';
import { ApiError } from './api-error.ts';
import { createRefund } from './create-refund.ts';
import { cancel } from './end-refund.ts';
import {
  type Eyes,
  expandOf,
  PAYMENT_EXPANSIONS,
  REFUND_EXPANSIONS,
  showPayment,
  showRefund,
} from './expand.ts';
import { forcedOutcome } from './fault-answers.ts';
import type { Form } from './form.ts';
import { cancelPayment, capturePayment } from './holds.ts';
import { listRefunds } from './lists.ts';
import { changedMetadata, refuseUnknown } from './params.ts';
import type { RefundRecord } from './records.ts';
import { findPayment } from './refund-rules.ts';
import type { Route } from './routes.ts';
import type { Json } from './view.ts';

/** What an operation works with: whose books, at a simulated instant, perhaps under a fault. */
export interface Scene extends Announcer, Eyes {
  account: StripeAccount;
  key: string | null;
  fault: Fault | undefined;
}

const CANCELED_BY_MERCHANT = 'merchant_request';

/** Executes what a route stands for and returns the object to answer with. Throws ApiError; then nothing has changed. */
export function perform(scene: Scene, { operation, id }: Route, form: Form): Json {
  switch (operation) {
    case 'createRefund':
      return doCreateRefund(scene, form);
    case 'getRefund':
      return readRefund(scene, id, form);
    case 'listRefunds':
      return readRefunds(scene, form);
    case 'updateRefund':
      return doUpdateRefund(scene, id, form);
    case 'cancelRefund':
      return doCancelRefund(scene, id, form);
    default:
      return onPayment(scene, operation, id, form);
  }
}

function onPayment(scene: Scene, operation: Route['operation'], id: string, form: Form): Json {
  const { store, now } = scene;
  const expand = expandOf(form, PAYMENT_EXPANSIONS);
  const payment = findPayment(store, scopeOf(scene), id);
  if (operation === 'cancelPayment')
    return showPayment(scene, cancelPayment(store, payment, form, now), expand);
  if (operation === 'capturePayment')
    return showPayment(scene, capturePayment(store, payment, form, now), expand);
  refuseUnknown(form, ['client_secret']);
  return showPayment(scene, payment, expand);
}

function doCreateRefund(scene: Scene, form: Form): Json {
  const { store, key, fault, now } = scene;
  const expand = expandOf(form, REFUND_EXPANSIONS);
  const origin = { scope: scopeOf(scene), providerKey: key, outcome: forcedOutcome(fault) };
  const refund = createRefund(store, form, origin, now);
  announceCreation(scene, refund);
  return showRefund(scene, refund, expand);
}

function readRefund(scene: Scene, id: string, form: Form): Json {
  refuseUnknown(form, []);
  const expand = expandOf(form, REFUND_EXPANSIONS);
  return showRefund(scene, findRefund(scene, id), expand);
}

function readRefunds(scene: Scene, form: Form): Json {
  const { store, now, fault } = scene;
  const expand = expandOf(form, REFUND_EXPANSIONS, 'data.');
  const faultSeconds = fault?.kind === 'list-lag' ? (fault.seconds ?? 0) : 0;
  const lagSeconds = Math.max(store.settings.listLagSeconds, faultSeconds);
  const until = lagSeconds > 0 ? now - lagSeconds * 1_000 : Number.POSITIVE_INFINITY;
  const { refunds, hasMore } = listRefunds(store, scopeOf(scene), form, until);
  const data = refunds.map((refund) => showRefund(scene, refund, expand));
  return { object: 'list', data, has_more: hasMore, url: '/v1/refunds' };
}

// Metadata is all that can be changed (docs.stripe.com/api/refunds/update).
function doUpdateRefund(scene: Scene, id: string, form: Form): Json {
  refuseUnknown(form, ['metadata']);
  const expand = expandOf(form, REFUND_EXPANSIONS);
  const refund = findRefund(scene, id);
  return keep(scene, { ...refund, metadata: changedMetadata(form, refund.metadata) }, expand);
}

function doCancelRefund(scene: Scene, id: string, form: Form): Json {
  refuseUnknown(form, []);
  const expand = expandOf(form, REFUND_EXPANSIONS);
  const refund = findRefund(scene, id);
  if (refund.status !== 'requires_action') throw new ApiError('refundState', { id: refund.status });
  return keep(scene, cancel(refund, CANCELED_BY_MERCHANT), expand);
}

function keep(scene: Scene, refund: RefundRecord, expand: readonly string[]): Json {
  scene.store.putRefund(refund);
  announceChange(scene, refund);
  return showRefund(scene, refund, expand);
}

function findRefund(scene: Scene, id: string): RefundRecord {
  const refund = scene.store.refunds.get(id);
  if (refund === undefined || refund.scope !== scopeOf(scene)) throw new ApiError('refundUnknown', { id });
  return refund;
}

function scopeOf({ account }: Scene): string {
  return account.accountId;
}
