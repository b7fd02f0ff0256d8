import { bareAnswer, garbageAnswer, jsonAnswer } from '../answers.ts';
import { ControlError } from '../control-error.ts';
import { checkFaultScope, type FaultScope } from '../fault-scope.ts';
import type { Fault, FaultInput, FaultKind, Operation } from '../faults.ts';
import type { Answer } from '../simulator.ts';
import { resultAnswer } from './op-state-ext.ts';
import { acceptance } from './create-call.ts';
import { rejectionAnswer, textAnswer } from './rejection.ts';
import type { Call } from './routes.ts';
import type { Settings } from './settings.ts';
import { say } from './texts.ts';
import { v1Answer } from './v1.ts';

const OURS: readonly Operation[] = [
  'createRefund',
  'getRefund',
  'getPayment',
  'cancelPayment',
  'capturePayment',
];
const SIGNED: readonly Operation[] = OURS.filter((operation) => operation !== 'getRefund');
const ONLY: FaultScope = {
  unauthorized: SIGNED,
  refuse: ['createRefund', 'getPayment'],
  pending: ['createRefund'],
  'list-lag': ['getRefund'],
  'wrong-amount': ['getRefund', 'getPayment'],
  'unknown-status': ['getRefund', 'getPayment'],
  busy: [],
  processing: [],
  'key-in-progress': [],
  'key-conflict': [],
  'key-forgotten': [],
};
const WRONG_SIGNATURE = '1';
const RESULT_CODE = /^[1-9]\d{0,8}$/;

/** Whether a kind of fault can happen to an operation of this provider. */
export function faultApplies(kind: FaultKind, operation: Operation): boolean {
  return ONLY[kind]?.includes(operation) ?? true;
}

/** Throws ControlError for a fault that could never happen here. */
export function checkFault(fault: FaultInput): void {
  checkFaultScope('robokassa', OURS, ONLY, fault);
  const { kind, operation, code } = fault;
  if (kind !== 'refuse') return;
  if (code === undefined) {
    throw new ControlError('code', 'refuse needs a code: a message of Create or a Result/Code of OpStateExt');
  }
  if (operation !== 'createRefund' && !RESULT_CODE.test(code)) {
    throw new ControlError('code', 'getPayment is refused by a Result/Code other than 0');
  }
}

/** The answer of a fault that keeps the request from being executed; undefined when it is executed. */
export function answerInstead(fault: Fault | undefined, call: Call, settings: Settings): Answer | undefined {
  switch (fault?.kind) {
    case 'error-before-effect':
      return errorPage(fault);
    case 'rate-limited':
      return tooManyRequests(fault, settings);
    case 'unauthorized':
      return unauthorized(fault, call, settings);
    case 'forbidden':
      return bareAnswer(403, `<html><body><h1>${fault.description ?? 'Forbidden'}</h1></body></html>`);
    case 'refuse':
      return refused(fault, call, settings);
    case 'garbage':
      return fault.effect === false ? garbage(fault, call) : undefined;
    default:
      return undefined;
  }
}

/** Changes the answer of a request that was executed. */
export function distort(fault: Fault | undefined, call: Call, answer: Answer): Answer {
  if (fault?.kind === 'error-after-effect') return { ...errorPage(fault), effect: answer.effect };
  if (fault?.kind !== 'garbage') return answer;
  return { ...garbage(fault, call), effect: answer.effect };
}

// A hollow answer of Create is a success without the id by which anybody could ask for the refund.
function garbage(fault: Fault, call: Call): Answer {
  if (fault.format !== 'hollow' || call !== 'Create') return garbageAnswer(fault);
  return { ...acceptance(null), status: fault.status ?? 200, effect: false };
}

// What a proxy says when the service behind it has failed: HTML with any status.
function errorPage({ status = 500, description = 'Server Error' }: Fault): Answer {
  return bareAnswer(status, `<html><body><h1>${description}</h1></body></html>`);
}

// Limits are not published, and neither is what the answer beyond them looks like.
function tooManyRequests(fault: Fault, { texts }: Settings): Answer {
  const answer =
    fault.format === undefined
      ? textAnswer(429, say(texts, 'tooManyRequests'))
      : garbageAnswer({ status: 429, ...fault });
  if (fault.retryAfterMs === undefined) return answer;
  const seconds = String(Math.ceil(fault.retryAfterMs / 1_000));
  return { ...answer, headers: { ...answer.headers, 'retry-after': seconds } };
}

function unauthorized({ description }: Fault, call: Call, settings: Settings): Answer {
  const { texts } = settings;
  switch (call) {
    case 'Create':
      return rejectionAnswer(401, description ?? say(texts, 'wrongKey'));
    case 'OpStateExt':
      return resultAnswer(settings, WRONG_SIGNATURE, description ?? say(texts, 'wrongSignature'));
    case 'OpRefund':
      return v1Answer('RefundResponse', '1', description ?? say(texts, 'wrongSignature'));
    default:
      return textAnswer(settings.holdRefusalStatus, description ?? say(texts, 'wrongSignature'));
  }
}

// A code of Create is the message itself; a sentence goes into the description.
function refused(fault: Fault, call: Call, settings: Settings): Answer {
  const { code = '', description } = fault;
  if (call === 'OpStateExt')
    return resultAnswer(settings, code, description ?? say(settings.texts, 'forced'));
  if (call === 'OpRefund') return v1Answer('RefundResponse', '1', description ?? code);
  return jsonAnswer(fault.status ?? settings.rejectionStatus, {
    success: false,
    message: description ?? code,
    requestId: null,
  });
}
