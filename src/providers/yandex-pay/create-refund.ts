import { z } from 'zod';
import type { WireRequest } from '../http.ts';
import type { AmountRules, Evidence, RefundOrder, SendOutcome, SentOrder } from '../provider.ts';
import { readAs } from '../read-json.ts';
import { SEND_DEADLINE_MS } from './capabilities.ts';
import { cartAfter, checkRefund, isWhole } from './check-refund.ts';
import { classifyRefusal } from './classify-refusal.ts';
import { authorization } from './credentials.ts';
import { busy, unknown, unreadable, verdictOf, type Verdict } from './errors.ts';
import { printAmount, printQuantity } from './money.ts';
import { readOperation, readOrder, type Access } from './read.ts';
import { isRefund, refundFacts } from './refund-status.ts';
import { numbered, orderPath, write } from './requests.ts';
import { wireOperationAnswer, type WireOperation, type WireOrder } from './wire.ts';

/**
 * `POST /v2/orders/{id}/refund` (pay.yandex.ru/docs, "Refund an order"), with the cart as it is to be afterwards: said
 * twice, it takes nothing twice. Without a cart everything goes back. The same order makes the same bytes.
 */
export function buildRefund(order: RefundOrder, rules: AmountRules): WireRequest {
  const [problem] = checkRefund(order, rules);
  if (problem !== undefined) throw new RangeError(`${problem.path.join('.')}: ${problem.message}`);
  const target = isWhole(order) ? [] : targetItems(order);
  const body = {
    refundAmount: printAmount(order.amount.minor),
    externalOperationId: order.providerKey,
    ...(target.length === 0 ? {} : { targetCart: { items: target } }),
  };
  const path = orderPath('v2', order.providerPaymentId, 'refund');
  return write(path, JSON.stringify(body), order.providerKey, order.sends);
}

function targetItems({ cart, items }: RefundOrder): object[] {
  const after = cartAfter(cart, items);
  if ('path' in after) throw new RangeError(after.message);
  return after.map(({ item, leftHundredths, newPriceMinor }) => {
    const before = cart.find((line) => line.item === item)?.leftHundredths;
    return {
      productId: item,
      // What is left out stays as it is.
      ...(leftHundredths === before ? {} : { quantityCount: printQuantity(leftHundredths) }),
      ...(newPriceMinor === undefined ? {} : { price: printAmount(newPriceMinor) }),
    };
  });
}

const sentBody = z.object({ externalOperationId: z.string() });

/**
 * Sends the bytes once. A refusal is explained, and checked, by reading the order again: what is there under our external
 * id was executed, whatever the answer said. `refused` holds for a first send; what a refusal of a replay proves (nothing)
 * is the caller's business.
 */
export async function sendRefund(
  access: Access,
  request: WireRequest,
  order: SentOrder,
  mayStillSend: () => boolean,
  rules: AmountRules,
): Promise<SendOutcome> {
  const key = readAs(sentBody, request.body ?? '')?.externalOperationId;
  if (key === undefined) throw new TypeError('These are no bytes of a refund.');
  const options = { deadlineMs: SEND_DEADLINE_MS, mayStillSend };
  const secrets = authorization(access.credentials);
  const result = await access.http.send(numbered(request, order.sends), secrets, options);
  const verdict = verdictOf(result, access.clock.now());
  switch (verdict.kind) {
    case 'done':
      return started(access, readAs(wireOperationAnswer, verdict.text), order, key, verdict);
    case 'exists':
      return adopted(access, order, key, verdict);
    case 'refused':
    case 'nowhere':
    case 'busy':
      return explained(access, order, key, verdict, rules);
    default:
      return verdict;
  }
}

type Answered<Kind extends Verdict['kind']> = Extract<Verdict, { kind: Kind }>;

const isOurs = (operation: WireOperation, { providerPaymentId }: SentOrder): boolean =>
  isRefund(operation) && operation.orderId === providerPaymentId;

function started(
  access: Access,
  operation: WireOperation | undefined,
  order: SentOrder,
  key: string,
  { evidence }: Answered<'done'>,
): SendOutcome {
  // An answer may leave our id out, but with another's it speaks of another's refund.
  const named = operation?.externalOperationId ?? key;
  if (operation === undefined || named !== key || !isOurs(operation, order)) return unreadable(evidence);
  return { kind: 'accepted', refund: refundFacts(operation, access.options.currency), evidence };
}

/** The provider knows our external id, so an earlier send arrived: what it made is read. */
async function adopted(
  access: Access,
  order: SentOrder,
  key: string,
  { evidence }: Answered<'exists'>,
): Promise<SendOutcome> {
  const look = await readOperation(access, key);
  return look.kind === 'found' ? under(access, look.value, order, evidence) : unknown(evidence);
}

/** What is under our external id: the refund, or what it was used for instead, which is another order's or no refund. */
const under = (
  { options }: Access,
  operation: WireOperation,
  order: SentOrder,
  evidence: Evidence,
): SendOutcome =>
  isOurs(operation, order)
    ? { kind: 'accepted', refund: refundFacts(operation, options.currency), evidence }
    : { ...unknown(evidence), isKeyConflict: true };

async function explained(
  access: Access,
  order: SentOrder,
  key: string,
  verdict: Answered<'refused' | 'nowhere' | 'busy'>,
  rules: AmountRules,
): Promise<SendOutcome> {
  const { evidence } = verdict;
  const look = await readOrder(access, order.providerPaymentId);
  const made = look.kind === 'found' ? madeBy(look.value, key) : undefined;
  // Refused, and yet it is there: what is there counts, or a refund that happened would be called failed.
  if (made !== undefined) return under(access, made, order, evidence);
  if (verdict.kind === 'busy') return busy(evidence);
  // Something in between may have said that it found nothing.
  if (verdict.kind === 'nowhere' && look.kind !== 'absent') return unknown(evidence);
  if (look.kind === 'unavailable' && look.failure.code === 'AUTHENTICATION_FAILED')
    return { kind: 'deferred', failure: look.failure, retryAfterMs: null, evidence };
  if (look.kind === 'found' && look.value.operations.some(({ status }) => status === 'PENDING'))
    return busy(evidence);
  const error = verdict.kind === 'refused' ? verdict.error : undefined;
  // An id that was used with other arguments is refused without a code that is documented.
  const used = look.kind === 'found' ? await readOperation(access, key) : undefined;
  if (used?.kind === 'found') return under(access, used.value, order, evidence);
  if (used?.kind === 'unavailable') return unknown(evidence);
  return {
    kind: 'refused',
    failure: classifyRefusal({ error, requested: order.amount, look, rules }),
    evidence,
  };
}

const madeBy = ({ operations }: WireOrder, key: string): WireOperation | undefined =>
  operations.find((operation) => isRefund(operation) && operation.externalOperationId === key);
