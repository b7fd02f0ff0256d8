import { ControlError } from '../control-error.ts';
import { ConsoleRefundSchema, NewPaymentSchema, ProviderQuery, SettleSchema } from './schemas.ts';
import { type Routes, route } from './route.ts';
import { getServer, selectServers } from './world.ts';

/** What buyers and the provider's own staff do: payments, refunds in the cabinet, the end of pending refunds. */
export const PAYMENT_ROUTES: Routes = {
  'POST /control/payments': route(NewPaymentSchema, ({ provider, ...payment }, world) => {
    const { simulator } = getServer(world, provider);
    for (const field of ['paidByBuyer', 'state'] as const) {
      if (payment[field] === undefined || simulator.ownPaymentFields?.includes(field) === true) continue;
      throw new ControlError(field, `${provider} payments have no such field`);
    }
    return { reference: simulator.createPayment(payment) };
  }),
  'GET /control/payments': route(ProviderQuery, ({ provider }, world) => ({
    payments: selectServers(world, provider).flatMap(({ simulator }) =>
      simulator.readyPayments().map((payment) => ({ provider: simulator.provider, ...payment })),
    ),
  })),
  'POST /control/console-refund': route(ConsoleRefundSchema, ({ provider, ...refund }, world) => ({
    refundId: getServer(world, provider).simulator.consoleRefund(refund),
  })),
  'POST /control/settle': route(SettleSchema, ({ provider, ...settlement }, world) => ({
    settled: getServer(world, provider).simulator.settle(settlement),
  })),
};
