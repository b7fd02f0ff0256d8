import { specifiedDirectives, type GraphQLSchema } from 'graphql';
import { builder } from './builder.ts';
import { moneyMovingDirective } from './money-moving-directive.ts';
import './scalars/currency.ts';
import './scalars/date-time.ts';
import './scalars/decimal.ts';
import './scalars/idempotency-key.ts';
import './scalars/minor-units.ts';
import './scalars/string-map.ts';
import './node/node.ts';
import './viewer/viewer.ts';
import './account/account.ts';
import './account/accounts.ts';
import './provider/provider-info.ts';
import './payment/payment.ts';
import './payment/payment-item.ts';
import './payment/payment-source.ts';
import './payment/payment-query.ts';
import './payment/payments.ts';
import './payment/cancel-payment.ts';
import './refund/refund.ts';
import './refund/refund-leg.ts';
import './refund/refund-item.ts';
import './refund/refund-source.ts';
import './refund/refund-query.ts';
import './refund/refunds.ts';
import './change/refund-changes.ts';
import './refund/create-refund.ts';
import './refund/cancel-refund.ts';
import './refund/retry-refund.ts';
import './refund/sync-refund.ts';
import './refund/resolve-refund.ts';
import './error/errors.ts';

let built: GraphQLSchema | undefined;

/** The public schema, built once. Fields are in the order in which they are written, which is how people read them. */
export function buildSchema(): GraphQLSchema {
  built ??= builder.toSchema({
    directives: [...specifiedDirectives, moneyMovingDirective],
    sortSchema: false,
  });
  return built;
}
