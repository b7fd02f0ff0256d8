import type { OrderProblem, RefundOrder } from '../provider.ts';
import { amountProblems } from './money.ts';

/**
 * What adyen and checkout would not take, or the library would leave out without a word. Neither has a place for
 * metadata: it stays with us.
 */
export function orderProblems(order: Omit<RefundOrder, 'providerKey'>): OrderProblem[] {
  const problems = amountProblems(order.amount);
  const object = (path: readonly string[], message: string): void => void problems.push({ path, message });
  if (order.receipt !== null) object(['receipt'], 'No fiscal receipts are made by way of Prism.');
  if (order.speed !== undefined) object(['speed'], 'Refunds by way of Prism have one speed. Ask for none.');
  if (order.items.length > 0) object(['amount', 'items'], 'No single items are refunded by way of Prism.');
  if (order.sources !== undefined && order.sources.length > 0)
    object(['sources'], 'Refunds of one seller of a payment are not made by way of Prism.');
  return problems;
}
