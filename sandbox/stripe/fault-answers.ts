import { garbageAnswer, rewriteItems } from '../answers.ts';
import { ControlError } from '../control-error.ts';
import { checkFaultScope, type FaultScope } from '../fault-scope.ts';
import type { Fault, FaultInput, FaultKind, Operation } from '../faults.ts';
import { parseMinor } from '../money.ts';
import type { Answer } from '../simulator.ts';
import { ApiError, describe, errorAnswer, refusal, type Texts } from './api-error.ts';
import type { Outcome } from './create-refund.ts';
import { exponentOf } from './currencies.ts';
import { ERROR_CODES, FAILURE_REASONS } from './failures.ts';
import type { Settings } from './settings.ts';
import { REFUSALS, type TextKey } from './texts.ts';

const POSTS: readonly Operation[] = [
  'createRefund',
  'updateRefund',
  'cancelRefund',
  'cancelPayment',
  'capturePayment',
];
const OPERATIONS: readonly Operation[] = [...POSTS, 'getRefund', 'listRefunds', 'getPayment'];
const ONLY: FaultScope = {
  busy: POSTS,
  processing: [],
  pending: ['createRefund'],
  'list-lag': ['listRefunds'],
  'key-in-progress': POSTS,
  'key-conflict': POSTS,
  'key-forgotten': POSTS,
};
const SIMPLE: Partial<Record<FaultKind, TextKey>> = {
  unauthorized: 'keyInvalid',
  forbidden: 'accessDenied',
  busy: 'lockTimeout',
  'key-conflict': 'keyDifferent',
  'key-in-progress': 'keyRunning',
};

/** Whether a kind of fault can happen to an operation of this provider. */
export function faultApplies(kind: FaultKind, operation: Operation): boolean {
  return ONLY[kind]?.includes(operation) ?? OPERATIONS.includes(operation);
}

/** Throws ControlError for a fault that could never happen here. */
export function checkFault(fault: FaultInput): void {
  checkFaultScope('stripe', OPERATIONS, ONLY, fault);
  const { kind, operation, code, status } = fault;
  if (kind === 'busy' && fault.effect === true)
    throw new ControlError('effect', 'a lock timeout has no effect');
  if (kind !== 'refuse') return;
  if (code === undefined && status !== undefined) return; // Stripe has errors without a code
  const known = code !== undefined && (isTextKey(code) || ERROR_CODES.has(code));
  if (known || (operation === 'createRefund' && FAILURE_REASONS.has(code ?? ''))) return;
  const codes = [...ERROR_CODES.keys(), ...Object.keys(REFUSALS)].join(' ');
  const reasons = [...FAILURE_REASONS].join(' ');
  throw new ControlError('code', `is needed: a failure of createRefund (${reasons}), or one of ${codes}`);
}

/** The answer of a fault that keeps the request from being executed; undefined when it is executed. */
export function answerInstead(
  fault: Fault | undefined,
  settings: Pick<Settings, 'texts' | 'keepServerErrors'>,
  hasKey: boolean,
): Answer | undefined {
  if (fault === undefined) return undefined;
  const { texts } = settings;
  const simple = SIMPLE[fault.kind];
  if (simple !== undefined) return calm(fault, worded(simple, fault, texts));
  switch (fault.kind) {
    case 'error-before-effect':
      return hasKey && remembersError(fault, settings) ? undefined : serverError(fault, texts);
    case 'rate-limited':
      return calm(
        fault,
        fault.format === undefined
          ? worded('rateLimited', fault, texts)
          : garbageAnswer({ format: fault.format, status: 429 }),
      );
    case 'garbage':
      return fault.effect === false ? garbageAnswer(fault) : undefined;
    case 'refuse':
      return failureOf(fault) === undefined ? refused(fault, texts) : undefined;
    default:
      return undefined;
  }
}

/** How a refund starts out under this fault. */
export function forcedOutcome(fault: Fault | undefined): Outcome | undefined {
  if (fault?.kind === 'pending') return 'pending';
  const failed = failureOf(fault);
  return failed === undefined ? undefined : { failed };
}

/** Whether an idempotency key remembers the error of this fault: a 500 of the API does, a 502 of a proxy does not. */
export function remembersError(
  fault: Fault | undefined,
  { keepServerErrors }: Pick<Settings, 'keepServerErrors'>,
): boolean {
  const isError = fault?.kind === 'error-after-effect' || fault?.kind === 'error-before-effect';
  return isError && keepServerErrors && (fault.status ?? 500) === 500;
}

/** The error of a fault: 500 unless it says otherwise. */
export function serverError(fault: Fault | undefined, texts: Texts): Answer {
  return errorAnswer(fault?.status ?? 500, { message: fault?.description ?? describe('internal', texts) });
}

/** Changes the answer of a request that was executed. */
export function distort(fault: Fault | undefined, answer: Answer, texts: Texts): Answer {
  switch (fault?.kind) {
    case 'error-after-effect':
      return { ...serverError(fault, texts), effect: answer.effect };
    case 'garbage':
      return { ...garbageAnswer(fault), effect: answer.effect };
    case 'wrong-amount':
      return rewriteItems(answer, (item) => ({ ...item, amount: wrongAmount(fault, item) }), 'data');
    case 'unknown-status':
      return rewriteItems(answer, (item) => ({ ...item, status: fault.word ?? 'under_review' }), 'data');
    default:
      return answer;
  }
}

function worded(key: TextKey, fault: Fault, texts: Texts): Answer {
  const wording = fault.description === undefined ? texts : { [key]: fault.description };
  const answer = refusal(new ApiError(key, { id: '********' }, fault.parameter), wording);
  return { ...answer, status: fault.status ?? answer.status };
}

// "Try again" is said in headers too (docs.stripe.com/rate-limits).
function calm({ retryAfterMs }: Fault, answer: Answer): Answer {
  if (answer.status !== 429) return answer;
  const seconds = retryAfterMs === undefined ? undefined : String(Math.ceil(retryAfterMs / 1_000));
  const headers = { 'stripe-should-retry': 'true', ...(seconds !== undefined && { 'retry-after': seconds }) };
  return { ...answer, headers: { ...answer.headers, ...headers } };
}

function refused(fault: Fault, texts: Texts): Answer {
  const { code, description, parameter } = fault;
  if (code !== undefined && isTextKey(code)) return worded(code, fault, texts);
  return errorAnswer(fault.status ?? ERROR_CODES.get(code ?? '') ?? 400, {
    code,
    message: description ?? describe('forced', texts),
    param: parameter,
  });
}

// With a status the code of a refusal is meant: insufficient_funds is both.
function failureOf(fault: Fault | undefined): string | undefined {
  if (fault?.kind !== 'refuse' || fault.code === undefined || fault.status !== undefined) return undefined;
  return FAILURE_REASONS.has(fault.code) ? fault.code : undefined;
}

function wrongAmount(fault: Fault, item: Record<string, unknown>): unknown {
  const exponent = exponentOf(String(item['currency']).toUpperCase());
  const given = fault.amount === undefined ? undefined : parseMinor(fault.amount.value, exponent);
  return given === undefined ? Number(item['amount']) + 10 ** exponent : Number(given);
}

function isTextKey(code: string): code is TextKey {
  return Object.hasOwn(REFUSALS, code);
}
