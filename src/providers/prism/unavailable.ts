import type { ProviderAdapter } from '../provider.ts';
import * as adyenPlan from './adyen/capabilities.ts';
import * as checkoutPlan from './checkout/capabilities.ts';
import { deviations as checkoutDeviations } from './checkout/deviations.ts';
import type { ConnectorName } from './credentials.ts';
import { amountRules } from './money.ts';
import { unavailable } from './verdict.ts';

const plans = { adyen: adyenPlan, checkout: checkoutPlan };
const deviations = { adyen: {}, checkout: checkoutDeviations };
const names = { adyen: 'Adyen', checkout: 'Checkout.com' };

/**
 * In place of a connector whose library does not load: it is known and described, its payments cannot be read, and
 * nothing is sent. What was under way waits.
 */
export function unavailableAdapter(
  connector: Exclude<ConnectorName, 'stripe'>,
  message: string,
): ProviderAdapter {
  const plan = plans[connector];
  const failure = unavailable(message);
  const unread = () => Promise.resolve({ kind: 'unavailable', failure } as const);
  const unsent = () =>
    Promise.resolve({ kind: 'not-sent', failure, evidence: { library: 'missing' } } as const);
  const unbuilt = (): never => {
    throw new RangeError(message);
  };
  return {
    code: 'prism',
    variant: connector,
    displayName: `Prism: ${names[connector]}`,
    wireVersion: `prism-${connector}-1`,
    availability: { kind: 'unavailable', message },
    capabilities: plan.capabilities,
    recovery: plan.recovery,
    deviations: deviations[connector],
    sendDeadlineMs: plan.SEND_DEADLINE_MS,
    lookGapsMs: plan.lookGapsMs,
    pendingNormallyMs: plan.PENDING_NORMALLY_MS,
    watchAfterMs: plan.watchAfterMs,
    hidesRefundId: false,
    buildsFromFreshPayment: false,
    amountRules,
    readPayment: unread,
    readRefund: unread,
    listRefunds: unread,
    // A payment that was read before may be refunded again once the library loads.
    checkRefund: () => [{ path: [], message }],
    buildRefund: unbuilt,
    sendRefund: unsent,
    buildVoid: unbuilt,
    sendVoid: unsent,
  };
}
