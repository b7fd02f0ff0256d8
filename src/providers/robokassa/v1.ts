import { z } from 'zod';
import { safeText } from '../read-json.ts';
import type { WireRequest, WireResult } from '../http.ts';
import type {
  AccountAccess,
  KnownRefund,
  Look,
  OrderProblem,
  RefundFacts,
  RefundOrder,
  SendOutcome,
  SentOrder,
} from '../provider.ts';
import { SEND_DEADLINE_MS } from './capabilities.ts';
import { classifyRefusal } from './classify-refusal.ts';
import { commonProblems, leavesAmountOut } from './create-refund.ts';
import { readFailure, rejected, unknown, withoutAnswer } from './errors.ts';
import { v1RefundId } from './ids.ts';
import { toXmlDecimal } from './money.ts';
import { readPaymentAlone } from './operation-state.ts';
import { factsOf } from './refund-facts.ts';
import type { RoboKassaCredentials, RoboKassaOptions } from './settings.ts';
import { signatureOf } from './signatures.ts';
import { escapeXml, readXml } from './xml.ts';

// RoboKassa does not document these operations: all of this is as aiorobokassa 1.1.4 (api/refund.py) does it.

type Access = AccountAccess<RoboKassaCredentials, RoboKassaOptions>;

const SERVICE = '/Merchant/WebService/Service.asmx';
export const V1_REFUND_PATH = `${SERVICE}/OpRefund`;
const V1_STATUS_PATH = `${SERVICE}/OpRefundStatus`;

/** As that client sends its XML. */
const headers = { 'Content-Type': 'application/x-www-form-urlencoded' };

const wireFields = z.object({
  Code: z.string().regex(/^\d{1,9}$/),
  Description: z.string().optional(),
  State: z.string().max(64).optional(),
});
const wireRefund = z.object({ RefundResponse: wireFields });
const wireStatus = z.object({ RefundStatusResponse: wireFields });

/** Status is asked for by invoice, so that an invoice has one refund. */
export function checkV1(order: Omit<RefundOrder, 'providerKey'>): readonly OrderProblem[] {
  const problems = [...commonProblems(order)];
  if (!order.isFirst)
    problems.push({ path: ['amount'], message: 'RoboKassa v1 takes one refund of a payment.' });
  if (order.receipt !== null)
    problems.push({ path: ['receipt'], message: 'RoboKassa v1 takes no receipt with a refund.' });
  return problems;
}

/** The fields without the shop and its signature, which are added when it is sent. */
export function buildV1(order: RefundOrder): WireRequest {
  const [problem] = checkV1(order);
  if (problem !== undefined) throw new RangeError(problem.message);
  const amount = leavesAmountOut(order) ? '' : `<Amount>${toXmlDecimal(order.amount)}</Amount>`;
  const body = `<InvoiceID>${order.providerPaymentId}</InvoiceID>${amount}`;
  return { method: 'POST', path: V1_REFUND_PATH, headers, body };
}

export async function sendV1(
  access: Access,
  request: WireRequest,
  order: SentOrder,
  mayStillSend: () => boolean,
): Promise<SendOutcome> {
  const body = signed(access, 'RefundRequest', request.body ?? '');
  const options = { deadlineMs: SEND_DEADLINE_MS, mayStillSend };
  const result = await access.http.send({ ...request, body }, {}, options);
  return result.kind === 'answer' ? outcomeOf(access, result, order) : withoutAnswer(result);
}

async function outcomeOf(
  access: Access,
  result: Extract<WireResult, { kind: 'answer' }>,
  order: SentOrder,
): Promise<SendOutcome> {
  const httpStatus = result.status;
  if (isUnknownMethod(result)) {
    const message = 'This RoboKassa has no refunds of v1. Use the refund API: refundApi "v2".';
    return { kind: 'refused', failure: rejected(message), evidence: { httpStatus } };
  }
  const answer = httpStatus === 200 ? wireRefund.safeParse(readXml(result.text)) : undefined;
  if (answer?.success !== true) return unknown({ httpStatus, readable: false });
  const { Code, Description, State } = answer.data.RefundResponse;
  const evidence = {
    httpStatus,
    errorCode: Code,
    ...(Description === undefined ? {} : { errorDescription: safeText(Description, 200) }),
  };
  if (Code === '0') {
    const providerRefundId = v1RefundId(order.providerPaymentId);
    const known = { ...order, providerRefundId, createdAt: access.clock.now() };
    return { kind: 'accepted', refund: { ...factsOf(known), ...statusOf(State) }, evidence: { httpStatus } };
  }
  // The web service's own word for a fault of its own; what it had done by then is not said.
  if (Code === INTERNAL_ERROR) return unknown(evidence);
  const payment = await readPaymentAlone(access, order.providerPaymentId);
  const refusal = { message: Description ?? null, requested: order.amount, payment };
  return { kind: 'refused', failure: classifyRefusal(refusal), evidence };
}

/** The status of the one refund of an invoice; the amount is not told. */
export async function readV1(
  access: Access,
  invoiceId: string,
  known: KnownRefund,
): Promise<Look<RefundFacts>> {
  const body = signed(access, 'RefundStatusRequest', `<InvoiceID>${invoiceId}</InvoiceID>`);
  const result = await access.http.read({ method: 'POST', path: V1_STATUS_PATH, headers, body }, {});
  const answer =
    result.kind === 'answer' && result.status === 200
      ? wireStatus.safeParse(readXml(result.text))
      : undefined;
  if (answer?.success !== true || answer.data.RefundStatusResponse.Code !== '0')
    return { kind: 'unavailable', failure: readFailure(result) };
  return { kind: 'found', value: { ...factsOf(known), ...statusOf(answer.data.RefundStatusResponse.State) } };
}

const INTERNAL_ERROR = '1000';

/** 5 is what that client reads as processed; no other state is known. */
function statusOf(state: string | undefined): Pick<RefundFacts, 'status' | 'rawStatus'> {
  if (state === undefined || state === '') return { status: 'PENDING', rawStatus: 'accepted' };
  return { status: state === '5' ? 'SUCCEEDED' : 'UNRECOGNISED', rawStatus: state };
}

/** What ASP.NET says for an operation that the web service does not have: nothing was begun. */
const isUnknownMethod = ({ status, text }: Extract<WireResult, { kind: 'answer' }>): boolean =>
  status === 500 && /^\s*OpRefund Web Service method name is not valid\./.test(text);

/** Values in the alphabetical order of their fields, then Password1; the hex in upper case. */
function signed({ credentials, options }: Access, root: string, fields: string): string {
  const { merchantLogin, password1 } = credentials;
  const amount = /<Amount>(.*?)<\/Amount>/.exec(fields)?.[1];
  const invoiceId = /<InvoiceID>(.*?)<\/InvoiceID>/.exec(fields)?.[1] ?? '';
  const values = [...(amount === undefined ? [] : [amount]), invoiceId, merchantLogin, password1];
  const signature = signatureOf(options.hashAlgorithm, values).toUpperCase();
  const login = `<MerchantLogin>${escapeXml(merchantLogin)}</MerchantLogin>`;
  return `<${root}>${login}${fields}<SignatureValue>${signature}</SignatureValue></${root}>`;
}
