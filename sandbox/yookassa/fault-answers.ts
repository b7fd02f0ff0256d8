import { isObject } from '../json.ts';
import { garbageAnswer, jsonAnswer, rewriteItems } from '../answers.ts';
import { ControlError } from '../control-error.ts';
import { checkFaultScope, type FaultScope } from '../fault-scope.ts';
import { type Fault, type FaultInput, type FaultKind, type Operation, OPERATIONS } from '../faults.ts';
import { parseMinor } from '../money.ts';
import type { Answer } from '../simulator.ts';
import { errorAnswer } from './api-error.ts';
import { ERROR_CODES } from './cancellations.ts';
import type { Outcome } from './create-refund.ts';
import { EXPONENT } from './records.ts';
import { DEFAULT_TEXTS, type TextKey } from './texts.ts';
import { wireMoney } from './view.ts';

type Texts = Partial<Record<TextKey, string>>;

const OURS: readonly Operation[] = OPERATIONS.filter(
  (operation) => operation !== 'updateRefund' && operation !== 'cancelRefund',
);
const KEYED: readonly Operation[] = ['createRefund', 'cancelPayment', 'capturePayment'];
const LISTS: readonly Operation[] = ['listRefunds', 'listPayments'];
const ONLY: FaultScope = {
  pending: ['createRefund'],
  'list-lag': LISTS,
  'key-in-progress': KEYED,
  'key-conflict': KEYED,
  'key-forgotten': KEYED,
  'wrong-amount': [...KEYED, ...LISTS, 'getRefund', 'getPayment'],
  'unknown-status': [...KEYED, ...LISTS, 'getRefund', 'getPayment'],
};
const DEFAULT_RETRY_AFTER_MS = 1_800;

/** Whether a kind of fault can happen to an operation of this provider. */
export function faultApplies(kind: FaultKind, operation: Operation): boolean {
  return ONLY[kind]?.includes(operation) ?? true;
}

/** Throws ControlError for a fault that could never happen here. */
export function checkFault(fault: FaultInput): void {
  checkFaultScope('yookassa', OURS, ONLY, fault);
  const { kind, operation, code } = fault;
  if (kind !== 'refuse') return;
  if (code === undefined)
    throw new ControlError('code', 'refuse needs a code: an error code or a cancellation reason');
  if (operation !== 'createRefund' && !ERROR_CODES.has(code)) {
    throw new ControlError(
      'code',
      `only createRefund can end ${code}; error codes are ${[...ERROR_CODES.keys()].join(' ')}`,
    );
  }
}

/** The answer of a fault that keeps the request from being executed; undefined when it is executed. */
export function answerInstead(fault: Fault | undefined, texts: Texts): Answer | undefined {
  if (fault === undefined) return undefined;
  const say = (key: TextKey): string => fault.description ?? texts[key] ?? DEFAULT_TEXTS[key];
  switch (fault.kind) {
    case 'error-before-effect':
      return errorAnswer(fault.status ?? 500, 'internal_server_error', { description: say('internal') });
    case 'rate-limited':
      if (fault.format !== undefined) return garbageAnswer({ status: 429, ...fault });
      return errorAnswer(429, 'too_many_requests', {
        description: say('tooManyRequests'),
        retryAfterMs: fault.retryAfterMs,
      });
    case 'unauthorized':
      return errorAnswer(401, 'invalid_credentials', { description: say('invalidCredentials') });
    case 'forbidden':
      return errorAnswer(403, 'forbidden', { description: say('accessDenied') });
    case 'key-conflict':
      return errorAnswer(400, 'invalid_request', {
        description: say('keyDuplicated'),
        parameter: 'Idempotence-Key',
      });
    case 'key-in-progress':
      return errorAnswer(fault.status ?? 409, 'invalid_request', {
        description: say('keyInProgress'),
        parameter: 'Idempotence-Key',
      });
    case 'busy':
    case 'processing':
      return fault.effect === true ? undefined : processing(fault, texts);
    case 'garbage':
      return fault.effect === false ? garbageAnswer(fault) : undefined;
    case 'refuse': {
      const status = ERROR_CODES.get(fault.code ?? '');
      if (status === undefined) return undefined;
      return errorAnswer(fault.status ?? status, fault.code ?? '', {
        description: say('forced'),
        parameter: fault.parameter,
      });
    }
    default:
      return undefined;
  }
}

/** How a refund starts out under this fault. */
export function forcedOutcome(fault: Fault | undefined): Outcome | undefined {
  if (fault?.kind === 'pending') return 'pending';
  return fault?.kind === 'refuse' && fault.code !== undefined ? { canceled: fault.code } : undefined;
}

/** Changes the answer of a request that was executed. */
export function distort(fault: Fault | undefined, answer: Answer, texts: Texts): Answer {
  switch (fault?.kind) {
    case 'error-after-effect': {
      const description = fault.description ?? texts.internal ?? DEFAULT_TEXTS.internal;
      const error = errorAnswer(fault.status ?? 500, 'internal_server_error', { description });
      return { ...error, effect: answer.effect };
    }
    case 'busy':
    case 'processing':
      return { ...processing(fault, texts), effect: answer.effect };
    case 'garbage':
      return { ...garbageAnswer(fault), effect: answer.effect };
    case 'wrong-amount':
      return rewriteItems(answer, (item) => ({ ...item, amount: fault.amount ?? raised(item['amount']) }));
    case 'unknown-status':
      return rewriteItems(answer, (item) => ({ ...item, status: fault.word ?? 'under_review' }));
    default:
      return answer;
  }
}

// The 202 that official clients still handle, though the present list of HTTP codes has none.
function processing(fault: Fault, texts: Texts): Answer {
  return jsonAnswer(202, {
    type: 'processing',
    description: texts.processing ?? DEFAULT_TEXTS.processing,
    retry_after: fault.retryAfterMs ?? DEFAULT_RETRY_AFTER_MS,
  });
}

function raised(amount: unknown): unknown {
  if (!isObject(amount)) return amount;
  const minor = parseMinor(String(amount['value']), EXPONENT);
  return minor === undefined ? amount : wireMoney(minor + 100n, String(amount['currency']));
}
