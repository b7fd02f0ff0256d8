import { garbageAnswer } from '../answers.ts';
import { ControlError } from '../control-error.ts';
import { checkFaultScope, type FaultScope } from '../fault-scope.ts';
import type { Fault, FaultInput, FaultKind, Operation } from '../faults.ts';
import { isObject } from '../json.ts';
import type { Answer } from '../simulator.ts';
import { parseDecimal, wireAmount } from './amounts.ts';
import { failure, refusal, type Wording } from './api-error.ts';
import type { Outcome } from './create-refund.ts';
import { REFUSALS, type TextKey } from './texts.ts';

const READS: readonly Operation[] = ['getRefund', 'getPayment'];
const CHANGES: readonly Operation[] = ['createRefund', 'cancelPayment', 'capturePayment'];
const CREATION: readonly Operation[] = ['createRefund'];
const ONLY: FaultScope = {
  busy: CHANGES,
  processing: [],
  pending: CREATION,
  'list-lag': READS,
  'key-in-progress': [],
  'key-conflict': CREATION,
  'key-forgotten': CREATION,
};
const SIMPLE: Partial<Record<FaultKind, TextKey>> = {
  'error-before-effect': 'internal',
  'error-after-effect': 'internal',
  unauthorized: 'unauthorized',
  forbidden: 'forbidden',
  'key-conflict': 'externalIdOther',
  busy: 'anotherOperation',
};

/** Whether a kind of fault can happen to an operation of this provider. */
export function faultApplies(kind: FaultKind, operation: Operation): boolean {
  return ONLY[kind]?.includes(operation) ?? true;
}

/** Throws ControlError for a fault that could never happen here. */
export function checkFault(fault: FaultInput): void {
  checkFaultScope('yandex-pay', [...CHANGES, ...READS], ONLY, fault);
  const { kind, operation, code, parameter } = fault;
  if (kind !== 'refuse') return;
  if (parameter !== undefined) throw new ControlError('parameter', 'yandex-pay names no field in its errors');
  if (code === undefined) {
    throw new ControlError(
      'code',
      `is needed: "failed" for createRefund, a reasonCode, or one of ${Object.keys(REFUSALS).join(' ')}`,
    );
  }
  if (code === 'failed' && operation !== 'createRefund') {
    throw new ControlError('code', 'failed can only happen to createRefund');
  }
}

/** The answer of a fault that keeps the request from being executed; undefined when it is executed. */
export function answerInstead(fault: Fault | undefined, wording: Wording): Answer | undefined {
  switch (fault?.kind) {
    case 'error-before-effect':
    case 'unauthorized':
    case 'forbidden':
    case 'key-conflict':
      return simple(fault, wording);
    case 'busy':
      return fault.effect === true ? undefined : simple(fault, wording);
    case 'rate-limited':
      return rateLimited(fault, wording);
    case 'garbage':
      return fault.effect === false ? garbageAnswer(fault) : undefined;
    case 'refuse':
      return fault.code === 'failed' ? undefined : refused(fault, wording);
    default:
      return undefined;
  }
}

/** How a refund ends under this fault. */
export function forcedOutcome(fault: Fault | undefined): Outcome | undefined {
  if (fault?.kind === 'pending') return 'pending';
  if (fault?.kind !== 'refuse' || fault.code !== 'failed') return undefined;
  return { fail: fault.description ?? REFUSALS.forced.text };
}

/** Changes the answer of a request that was executed. */
export function distort(fault: Fault | undefined, answer: Answer, wording: Wording): Answer {
  switch (fault?.kind) {
    case 'error-after-effect':
    case 'busy':
      return { ...simple(fault, wording), effect: answer.effect };
    case 'garbage':
      return { ...garbageAnswer(fault), effect: answer.effect };
    case 'wrong-amount':
      return rewriteOperations(answer, (operation) => ({
        ...operation,
        amount: wrongAmount(fault, operation),
      }));
    case 'unknown-status':
      return rewriteOperations(answer, (operation) => ({
        ...operation,
        status: fault.word ?? 'UNDER_REVIEW',
      }));
    default:
      return answer;
  }
}

function simple(fault: Fault, wording: Wording): Answer {
  return refusal(SIMPLE[fault.kind] ?? 'forced', wording, fault);
}

// Neither body nor Retry-After are documented: both can be there or not.
function rateLimited(fault: Fault, wording: Wording): Answer {
  const { format, retryAfterMs } = fault;
  const answer =
    format === undefined ? refusal('tooManyRequests', wording) : garbageAnswer({ format, status: 429 });
  if (retryAfterMs === undefined) return answer;
  const seconds = Math.ceil(retryAfterMs / 1_000);
  return { ...answer, headers: { ...answer.headers, 'retry-after': String(seconds) } };
}

function refused(fault: Fault, wording: Wording): Answer {
  const { code = '', description, status } = fault;
  if (isTextKey(code)) return refusal(code, wording, { status, description });
  const shown = status ?? 400;
  return failure(shown, {
    code: shown === 200 ? 400 : shown,
    reasonCode: code,
    reason: description ?? wording.texts.forced ?? REFUSALS.forced.text,
  });
}

// In an order only refunds are touched: what was captured is not what a refund's answer is compared with.
function rewriteOperations(
  answer: Answer,
  change: (operation: Record<string, unknown>) => Record<string, unknown>,
): Answer {
  const body: unknown = answer.status === 200 ? JSON.parse(answer.body) : undefined;
  const data = isObject(body) ? body['data'] : undefined;
  if (!isObject(body) || !isObject(data)) return answer;
  const { operation, operations } = data;
  const changed = {
    ...data,
    ...(isObject(operation) && { operation: change(operation) }),
    ...(Array.isArray(operations) && {
      operations: operations.map((one: unknown) =>
        isObject(one) && one['operationType'] === 'REFUND' ? change(one) : one,
      ),
    }),
  };
  return { ...answer, body: JSON.stringify({ ...body, data: changed }) };
}

function wrongAmount({ amount }: Fault, operation: Record<string, unknown>): string {
  if (amount !== undefined) return amount.value;
  return wireAmount((parseDecimal(operation['amount']) ?? 0n) + 100n);
}

function isTextKey(code: string): code is TextKey {
  return Object.hasOwn(REFUSALS, code);
}
