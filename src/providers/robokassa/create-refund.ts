import type { WireRequest } from '../http.ts';
import type { OrderProblem, RefundOrder } from '../provider.ts';
import { isInvoiceId, isOpKey } from './ids.ts';
import { CURRENCY, MAX_MINOR_ON_THE_WIRE, toJsonNumber } from './money.ts';
import { SURCHARGED } from './payment.ts';
import { invoiceItems, receiptProblems } from './receipt.ts';
import { REFUNDS_HOST } from './settings.ts';

type Unnamed = Omit<RefundOrder, 'providerKey'>;

/** `Refund/Create` of v2 (docs.robokassa.ru/ru/refund-api), below the base URL of refunds. */
export const CREATE_PATH = '/Refund/Create';

/** Metadata stays here: neither version has a place for it. */
export function checkV2(order: Unnamed): readonly OrderProblem[] {
  const problems = [...commonProblems(order)];
  if (!isOpKey(order.handles['opKey']))
    problems.push({ path: ['payment'], message: 'RoboKassa has told no operation key for this payment.' });
  if (order.receipt !== null) problems.push(...receiptProblems(order.receipt, order.amount));
  return problems;
}

/** What both versions object to. */
export function* commonProblems(order: Unnamed): Generator<OrderProblem> {
  if (!isInvoiceId(order.providerPaymentId))
    yield { path: ['payment'], message: 'RoboKassa has no payment with such a number.' };
  if (order.amount.currency !== CURRENCY)
    yield { path: ['amount'], message: `RoboKassa refunds in ${CURRENCY} only.` };
  else if (order.amount.minor <= 0n || order.amount.minor > MAX_MINOR_ON_THE_WIRE)
    yield { path: ['amount'], message: 'The amount is not above zero, or larger than can be sent.' };
  if (isSurcharged(order) && !isWhole(order))
    yield {
      path: ['amount'],
      message: 'The buyer paid a surcharge: this payment is refunded as a whole, at once, or in the cabinet.',
    };
  if (order.sources !== undefined)
    yield { path: ['amount'], message: 'RoboKassa refunds no share of a seller.' };
}

/**
 * The payload of the JWT, compact and without whitespace. What is stored is not signed: a JWT has no end and no number
 * of its own, so that whoever reads it could refund with it.
 */
export function buildV2(order: RefundOrder): WireRequest {
  const [problem] = checkV2(order);
  if (problem !== undefined) throw new RangeError(problem.message);
  const fields = [
    `"OpKey":${JSON.stringify(order.handles['opKey'])}`,
    // What its absence means after an earlier refund is not documented.
    ...(leavesAmountOut(order) ? [] : [`"RefundSum":${toJsonNumber(order.amount)}`]),
    ...(order.receipt === null ? [] : [`"InvoiceItems":${invoiceItems(order.receipt)}`]),
  ];
  return {
    method: 'POST',
    path: CREATE_PATH,
    host: REFUNDS_HOST,
    headers: { 'Content-Type': 'application/json', Accept: 'application/json' },
    body: `{${fields.join(',')}}`,
  };
}

/** Whether the sum is left to RoboKassa: against which sum one is measured after a surcharge is not documented. */
export const leavesAmountOut = (order: Unnamed): boolean => isSurcharged(order) && isWhole(order);

const isSurcharged = ({ handles }: Unnamed): boolean => handles[SURCHARGED] !== undefined;

const isWhole = ({ isFirst, takesRest }: Unnamed): boolean => isFirst && takesRest;
