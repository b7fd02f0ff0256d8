import { z } from 'zod';
import { readAs, safeText } from '../read-json.ts';
import { believedMs, retryAfterMs } from '../http/retry-after.ts';
import type { WireRequest, WireResult } from '../http.ts';
import type { AccountAccess, Evidence, SendOutcome, SentOrder } from '../provider.ts';
import { SEND_DEADLINE_MS } from './capabilities.ts';
import { classifyRefusal, wordOf } from './classify-refusal.ts';
import { authenticationFailed, rateLimited, unknown, withoutAnswer } from './errors.ts';
import { isRequestId, requestIdOf } from './ids.ts';
import { factsOf } from './refund-facts.ts';
import { readPaymentAlone } from './operation-state.ts';
import { REFUNDS_HOST, type RoboKassaCredentials, type RoboKassaOptions } from './settings.ts';
import { signJwt } from './signatures.ts';
import { sendV1, V1_REFUND_PATH } from './v1.ts';

type Access = AccountAccess<RoboKassaCredentials, RoboKassaOptions>;

/** What operators may see of a message, in characters. */
const MAX_MESSAGE = 200;

const wireAnswer = z.object({
  success: z.boolean(),
  message: z.string().nullish(),
  requestId: z.string().nullish(),
});

/** Sends stored bytes by the version that made them, whichever the account has now. */
export function sendRefund(
  access: Access,
  request: WireRequest,
  order: SentOrder,
  mayStillSend: () => boolean,
): Promise<SendOutcome> {
  return request.path === V1_REFUND_PATH
    ? sendV1(access, request, order, mayStillSend)
    : sendV2(access, request, order, mayStillSend);
}

/** Signs now: the body becomes a JSON document that is one string, quotes included. */
async function sendV2(
  access: Access,
  request: WireRequest,
  order: SentOrder,
  mayStillSend: () => boolean,
): Promise<SendOutcome> {
  const { password3 } = access.credentials;
  // Made for v2 by an account that has no third password any more.
  if (password3 === undefined)
    return { kind: 'deferred', failure: authenticationFailed(), retryAfterMs: null, evidence: {} };
  const body = JSON.stringify(signJwt(request.body ?? '', password3, access.options.jwtAlgorithm));
  const options = { deadlineMs: SEND_DEADLINE_MS, mayStillSend };
  const result = await access.http.send({ ...request, host: REFUNDS_HOST, body }, {}, options);
  return result.kind === 'answer' ? outcomeOf(access, result, order) : withoutAnswer(result);
}

/**
 * A no counts only with RoboKassa's own `success: false`: anything else may be the word of something in between, which
 * had passed the request on. `success: true` says that the request was taken, not that money was returned.
 */
async function outcomeOf(
  access: Access,
  result: Extract<WireResult, { kind: 'answer' }>,
  order: SentOrder,
): Promise<SendOutcome> {
  const { status } = result;
  const answer = readAs(wireAnswer, result.text);
  const isReadable = (status >= 200 && status < 300) || (status >= 400 && status < 500);
  if (!isReadable || answer === undefined) return unknown({ httpStatus: status, readable: false });
  const message = answer.message ?? null;
  const evidence = evidenceOf(status, message);
  const id = answer.requestId ?? '';
  if (answer.success) {
    // Without its id nobody can ask for it.
    if (status >= 300 || !isRequestId(id)) return unknown({ ...evidence, readable: false });
    const known = { ...order, providerRefundId: requestIdOf(id), createdAt: access.clock.now() };
    const refund = { ...factsOf(known), status: 'PENDING', rawStatus: 'accepted' } as const;
    return { kind: 'accepted', refund, evidence };
  }
  // A no that names a refund is none: nothing is freed on half an answer.
  if (isRequestId(id)) return unknown({ ...evidence, readable: false });
  if (status === 429) {
    const waitMs = believedMs(retryAfterMs(result.headers, access.clock.now()));
    return { kind: 'deferred', failure: rateLimited(wordOf(message)), retryAfterMs: waitMs, evidence };
  }
  if (status === 401 || status === 403 || /signature key/i.test(message ?? ''))
    return {
      kind: 'deferred',
      failure: authenticationFailed(wordOf(message)),
      retryAfterMs: null,
      evidence,
    };
  const payment = await readPaymentAlone(access, order.providerPaymentId);
  return {
    kind: 'refused',
    failure: classifyRefusal({ message, requested: order.amount, payment }),
    evidence,
  };
}

const evidenceOf = (httpStatus: number, message: string | null): Evidence => ({
  httpStatus,
  ...(wordOf(message) === null ? {} : { errorCode: wordOf(message) }),
  ...(message === null ? {} : { errorDescription: safeText(message, MAX_MESSAGE) }),
});
