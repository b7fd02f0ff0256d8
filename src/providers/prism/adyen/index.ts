import { failure } from '../../failure.ts';
import type { ProviderAdapter, VoidOutcome } from '../../provider.ts';
import type { ConnectorCall } from '../connector-call.ts';
import type { CredentialsOf } from '../credentials.ts';
import { amountRules } from '../money.ts';
import { unavailable } from '../verdict.ts';
import {
  capabilities,
  lookGapsMs,
  PENDING_NORMALLY_MS,
  recovery,
  recoveryByMessages,
  SEND_DEADLINE_MS,
  watchAfterMs,
} from './capabilities.ts';
import { buildRefund, checkRefund, readRefund, sendRefund } from './refund.ts';
import { webhooks } from './webhook.ts';

const noVoid = 'The release of a hold at Adyen is told by a notification only, and is not offered.';

const unread = () =>
  Promise.resolve({
    kind: 'unavailable',
    failure: unavailable('Adyen has no call that reads a payment or lists refunds.'),
  } as const);

/**
 * Adyen by way of hyperswitch-prism, for one account.
 *
 * @param isTold the account has keys that verify what Adyen tells, so that lost answers are found out by it
 */
export function adyen(
  call: ConnectorCall,
  { isTold }: { readonly isTold: boolean },
): ProviderAdapter<CredentialsOf<'adyen'>> {
  return {
    code: 'prism',
    variant: 'adyen',
    displayName: 'Prism: Adyen',
    wireVersion: 'prism-adyen-1',
    capabilities: { ...capabilities, webhooks: webhooks.events },
    recovery: isTold ? recoveryByMessages : recovery,
    sendDeadlineMs: SEND_DEADLINE_MS,
    lookGapsMs,
    pendingNormallyMs: PENDING_NORMALLY_MS,
    watchAfterMs,
    hidesRefundId: false,
    buildsFromFreshPayment: false,
    amountRules,
    webhooks,
    readPayment: unread,
    readRefund: (_access, known) => readRefund(known),
    listRefunds: unread,
    checkRefund,
    buildRefund: (order) => buildRefund(call, order),
    sendRefund,
    buildVoid: () => {
      throw new RangeError(noVoid);
    },
    sendVoid: (): Promise<VoidOutcome> =>
      Promise.resolve({
        kind: 'refused',
        payment: null,
        failure: failure('PROVIDER_REJECTED', 'NEVER', noVoid),
        evidence: { sent: false },
      }),
  };
}
