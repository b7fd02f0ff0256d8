import { bareAnswer } from '../answers.ts';
import type { Fault } from '../faults.ts';
import type { Answer, ProviderCall, ProviderRequest } from '../simulator.ts';
import { findLogin, getShop } from './accounts.ts';
import { answerInstead, distort } from './fault-answers.ts';
import { formFields } from './form.ts';
import { doCancel, doConfirm } from './holds.ts';
import { doOpStateExt } from './op-state-ext.ts';
import { doCreate, paymentOfBody } from './create-call.ts';
import { doGetState } from './get-state.ts';
import { textAnswer } from './rejection.ts';
import { type Call, matchRoute, type Route } from './routes.ts';
import type { Announce, Scene } from './scene.ts';
import type { Store } from './store.ts';
import { doOpRefund, doOpRefundStatus, V1_ROOTS } from './v1.ts';
import { readFlatXml } from './xml.ts';

export interface RequestWorld {
  /** The books as they are when asked: a reset replaces them while a slow request waits. */
  store(): Store;
  announce: Announce;
  now(): number;
}

/** Understands a request to either host, so that faults can be aimed at it; `run` executes it. */
export function identifyRequest(world: RequestWorld, request: ProviderRequest): ProviderCall {
  const store = world.store();
  const route = matchRoute(request.method, request.path, store.settings.v1 === 'on');
  const { references, account } = subjectOf(store, route.call, request);
  return {
    operation: route.call === undefined ? undefined : route.operation,
    references,
    providerKey: null,
    account,
    exclusive: undefined, // there are no keys: nobody waits for anybody
    run: (fault) => run(world, route, request, fault),
  };
}

function run(world: RequestWorld, route: Route, request: ProviderRequest, fault: Fault | undefined): Answer {
  const store = world.store();
  if (route.call === undefined) return noSuchCall(route);
  const { settings } = store;
  try {
    const scene: Scene = { store, announce: world.announce, now: world.now(), fault };
    return (
      answerInstead(fault, route.call, settings) ??
      distort(fault, route.call, execute(scene, route.call, request))
    );
  } finally {
    store.commit(); // in the journal before anybody is answered
  }
}

function execute(scene: Scene, call: Call, request: ProviderRequest): Answer {
  switch (call) {
    case 'OpStateExt':
      return doOpStateExt(scene, request);
    case 'Create':
      return doCreate(scene, request);
    case 'GetState':
      return doGetState(scene, request.query);
    case 'Confirm':
      return doConfirm(scene, request);
    case 'Cancel':
      return doCancel(scene, request);
    case 'OpRefund':
      return doOpRefund(scene, request);
    case 'OpRefundStatus':
      return doOpRefundStatus(scene, request);
  }
}

function noSuchCall(route: Extract<Route, { call: undefined }>): Answer {
  if (route.status !== 500) return bareAnswer(route.status);
  return textAnswer(500, `${route.method} Web Service method name is not valid.`);
}

/** What a call names: an invoice, an OpKey or a request id, and the shop behind it. */
function subjectOf(
  store: Store,
  call: Call | undefined,
  request: ProviderRequest,
): { references: string[]; account: string | null } {
  if (call === 'GetState') {
    const id = (request.query.get('id') ?? '').toLowerCase();
    const refund = store.refunds.get(id);
    return { references: refund === undefined ? [id] : [id, refund.paymentId], account: null };
  }
  if (call === 'Create') {
    const payment = paymentOfBody(store, request);
    if (payment === undefined) return { references: [], account: null };
    return { references: [payment.id, payment.opKey], account: getShop(payment.merchantLogin).account };
  }
  const { invoiceId, login } = namedBy(call, request);
  return { references: invoiceId === null ? [] : [invoiceId], account: findLogin(login)?.account ?? null };
}

function namedBy(
  call: Call | undefined,
  request: ProviderRequest,
): { invoiceId: string | null; login: string | null } {
  if (call === 'OpRefund' || call === 'OpRefundStatus') {
    const fields = readFlatXml(request.body, V1_ROOTS[call]);
    return { invoiceId: fields?.['InvoiceID'] ?? null, login: fields?.['MerchantLogin'] ?? null };
  }
  const fields = request.method === 'POST' ? formFields(request) : request.query;
  return { invoiceId: fields.get('InvoiceID'), login: fields.get('MerchantLogin') };
}
