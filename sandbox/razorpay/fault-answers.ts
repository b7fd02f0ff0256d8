import { garbageAnswer, rewriteItems } from '../answers.ts';
import { ControlError } from '../control-error.ts';
import { checkFaultScope, type FaultScope } from '../fault-scope.ts';
import type { Fault, FaultInput, FaultKind, Operation } from '../faults.ts';
import { parseMinor } from '../money.ts';
import type { Answer } from '../simulator.ts';
import { ApiError, describe, errorAnswer, refusal, type Texts } from './api-error.ts';
import type { Outcome } from './create-refund.ts';
import { exponentOf } from './currencies.ts';
import type { Settings } from './settings.ts';
import { REFUSALS, type TextKey } from './texts.ts';

const LISTS: readonly Operation[] = ['listRefunds', 'listPayments'];
const OPERATIONS: readonly Operation[] = [
  'createRefund',
  'getRefund',
  ...LISTS,
  'getPayment',
  'capturePayment',
  'updateRefund',
];
const CREATION: readonly Operation[] = ['createRefund'];
const ONLY: FaultScope = {
  busy: ['createRefund', 'capturePayment'],
  processing: [],
  pending: CREATION,
  'list-lag': LISTS,
  'key-in-progress': CREATION,
  'key-conflict': CREATION,
  'key-forgotten': CREATION,
};
/** `error.code` of the provider with the HTTP status it mostly has. */
const ERROR_CODES: ReadonlyMap<string, number> = new Map([
  ['BAD_REQUEST_ERROR', 400],
  ['GATEWAY_ERROR', 502],
  ['SERVER_ERROR', 500],
]);
const SIMPLE: Partial<Record<FaultKind, TextKey>> = {
  unauthorized: 'keyInvalid',
  forbidden: 'accessDenied',
  'key-conflict': 'keyDifferent',
};

/** Whether a kind of fault can happen to an operation of this provider. */
export function faultApplies(kind: FaultKind, operation: Operation): boolean {
  return ONLY[kind]?.includes(operation) ?? true;
}

/** Throws ControlError for a fault that could never happen here. */
export function checkFault(fault: FaultInput): void {
  checkFaultScope('razorpay', OPERATIONS, ONLY, fault);
  const { kind, operation, code } = fault;
  if (kind !== 'refuse') return;
  const known = code !== undefined && (isTextKey(code) || ERROR_CODES.has(code));
  if (known || (code === 'failed' && operation === 'createRefund')) return;
  const codes = [...ERROR_CODES.keys(), ...Object.keys(REFUSALS)].join(' ');
  throw new ControlError('code', `is needed: "failed" for createRefund, or one of ${codes}`);
}

/** The answer of a fault that keeps the request from being executed; undefined when it is executed. */
export function answerInstead(
  fault: Fault | undefined,
  { texts }: Pick<Settings, 'texts'>,
): Answer | undefined {
  if (fault === undefined) return undefined;
  const simple = SIMPLE[fault.kind];
  if (simple !== undefined) return worded(simple, fault, texts);
  switch (fault.kind) {
    case 'error-before-effect':
      return serverError(fault, texts);
    case 'rate-limited':
      return rateLimited(fault, texts);
    case 'key-in-progress':
      return worded('keyRunning', fault, texts);
    case 'busy':
      return fault.effect === true ? undefined : worded('operationRunning', fault, texts);
    case 'garbage':
      return fault.effect === false ? garbageAnswer(fault) : undefined;
    case 'refuse':
      return fault.code === 'failed' ? undefined : refused(fault, texts);
    default:
      return undefined;
  }
}

/** How a refund starts out under this fault. */
export function forcedOutcome(fault: Fault | undefined): Outcome | undefined {
  if (fault?.kind === 'pending') return 'pending';
  return fault?.kind === 'refuse' && fault.code === 'failed' ? 'failed' : undefined;
}

/** Changes the answer of a request that was executed. */
export function distort(fault: Fault | undefined, answer: Answer, texts: Texts): Answer {
  switch (fault?.kind) {
    case 'error-after-effect':
      return { ...serverError(fault, texts), effect: answer.effect };
    case 'busy':
      return { ...worded('operationRunning', fault, texts), effect: answer.effect };
    case 'garbage':
      return { ...garbageAnswer(fault), effect: answer.effect };
    case 'wrong-amount':
      return rewriteItems(answer, (item) => ({ ...item, amount: wrongAmount(fault, item) }));
    case 'unknown-status':
      return rewriteItems(answer, (item) => ({ ...item, status: fault.word ?? 'reversed' }));
    default:
      return answer;
  }
}

function worded(key: TextKey, fault: Fault, texts: Texts): Answer {
  const answer = refusal(
    new ApiError(key),
    fault.description === undefined ? texts : { [key]: fault.description },
  );
  return { ...answer, status: fault.status ?? answer.status };
}

function serverError(fault: Fault, texts: Texts): Answer {
  const description = fault.description ?? describe('internal', texts);
  return errorAnswer(fault.status ?? 500, { code: 'SERVER_ERROR', description });
}

// Neither body nor Retry-After are documented: both can be there or not.
function rateLimited(fault: Fault, texts: Texts): Answer {
  const { format, retryAfterMs } = fault;
  const answer =
    format === undefined ? worded('tooManyRequests', fault, texts) : garbageAnswer({ format, status: 429 });
  if (retryAfterMs === undefined) return answer;
  const seconds = Math.ceil(retryAfterMs / 1_000);
  return { ...answer, headers: { ...answer.headers, 'retry-after': String(seconds) } };
}

function refused(fault: Fault, texts: Texts): Answer {
  const { code = '', description, parameter } = fault;
  if (isTextKey(code)) return worded(code, fault, texts);
  return errorAnswer(fault.status ?? ERROR_CODES.get(code) ?? 400, {
    code,
    description: description ?? describe('forced', texts),
    field: parameter,
  });
}

function wrongAmount(fault: Fault, item: Record<string, unknown>): unknown {
  const exponent = exponentOf(String(item['currency']));
  const given = fault.amount === undefined ? undefined : parseMinor(fault.amount.value, exponent);
  return given === undefined ? Number(item['amount']) + 10 ** exponent : Number(given);
}

function isTextKey(code: string): code is TextKey {
  return Object.hasOwn(REFUSALS, code);
}
