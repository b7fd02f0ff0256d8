import type { Operation } from '../faults.ts';

const SERVICE = '/Merchant/WebService/Service.asmx/';

/** The provider's own name of each call of its two hosts. */
const CALLS = {
  OpStateExt: { path: `${SERVICE}OpStateExt`, methods: ['GET', 'POST'], operation: 'getPayment' },
  OpRefund: { path: `${SERVICE}OpRefund`, methods: ['POST'], operation: 'createRefund' },
  OpRefundStatus: { path: `${SERVICE}OpRefundStatus`, methods: ['POST'], operation: 'getRefund' },
  Create: { path: '/RefundService/Refund/Create', methods: ['POST'], operation: 'createRefund' },
  GetState: { path: '/RefundService/Refund/GetState', methods: ['GET'], operation: 'getRefund' },
  Confirm: { path: '/Merchant/Payment/Confirm', methods: ['POST'], operation: 'capturePayment' },
  Cancel: { path: '/Merchant/Payment/Cancel', methods: ['POST'], operation: 'cancelPayment' },
} as const satisfies Record<string, { path: string; methods: readonly string[]; operation: Operation }>;

export type Call = keyof typeof CALLS;

/** What a method and path mean; without a call: what is answered instead. */
export type Route =
  | { call: Call; operation: Operation }
  | { call: undefined; status: 404 | 405 }
  | { call: undefined; status: 500; method: string };

/** Finds the call of a request. A method that the web service does not have is HTTP 500, as ASP.NET says it. */
export function matchRoute(method: string, path: string, isV1On: boolean): Route {
  const found = Object.entries(CALLS).find(([, { path: known }]) => known === path);
  const isHidden = found?.[0] === 'OpRefund' || found?.[0] === 'OpRefundStatus';
  if (found !== undefined && (!isHidden || isV1On)) {
    const [call, { methods, operation }] = found;
    const isAllowed = (methods as readonly string[]).includes(method);
    return isAllowed ? { call: call as Call, operation } : { call: undefined, status: 405 };
  }
  if (path.startsWith(SERVICE)) return { call: undefined, status: 500, method: path.slice(SERVICE.length) };
  return { call: undefined, status: 404 };
}
