import type { Look, RefundListPage, RefundListQuery } from '../../provider.ts';
import type { ConnectorCall } from '../connector-call.ts';
import { type Access, readActions, readPayment, refundsAmong } from './payment.ts';
import { isPaymentId } from './wire.ts';

/** All refunds of a payment on one page: its actions, which tell no currency, so that without it the payment is read. */
export async function listRefunds(
  call: ConnectorCall,
  access: Access,
  { providerPaymentId: id, currency }: RefundListQuery,
): Promise<Look<RefundListPage>> {
  if (id === undefined || !isPaymentId(id)) return { kind: 'absent' };
  if (currency === undefined) {
    const sight = await readPayment(call, access, id);
    return sight.kind === 'found'
      ? { kind: 'found', value: { refunds: sight.value.refunds, nextCursor: null } }
      : sight;
  }
  const actions = await readActions(call, access, id);
  if (actions.kind !== 'found') return actions;
  const refunds = refundsAmong(id, actions.value, currency, access.clock.now());
  return { kind: 'found', value: { refunds, nextCursor: null } };
}
