import { garbageAnswer } from '../answers.ts';
import { ControlError } from '../control-error.ts';
import { checkFaultScope, type FaultScope } from '../fault-scope.ts';
import type { Fault, FaultInput, FaultKind, Operation } from '../faults.ts';
import { isObject } from '../json.ts';
import { parseMinor } from '../money.ts';
import type { Answer } from '../simulator.ts';
import type { Connector, ForcedOutcome } from './connector.ts';
import { exponentOf } from './currencies.ts';
import { refusalOf, type TextKey, type Texts } from './texts.ts';

const OPERATIONS: readonly Operation[] = ['createRefund', 'cancelPayment', 'getPayment', 'listRefunds'];
const CREATION: readonly Operation[] = ['createRefund'];
/** What can happen at one of the connectors at least; each of them knows its own part. */
const ONLY: FaultScope = {
  busy: [],
  processing: [],
  pending: CREATION,
  'list-lag': ['listRefunds'],
  'wrong-amount': ['createRefund', 'getPayment', 'listRefunds'],
  'unknown-status': ['createRefund', 'cancelPayment', 'getPayment'],
  'key-in-progress': [],
  'key-conflict': [],
  'key-forgotten': [],
};
const WRONG_BY_MINOR = 100;

/** Whether a kind of fault can happen to an operation of this provider, whatever the connector. */
export function faultApplies(kind: FaultKind, operation: Operation): boolean {
  return ONLY[kind]?.includes(operation) ?? true;
}

/** Throws ControlError for a fault that could never happen here. */
export function checkFault(fault: FaultInput): void {
  if (fault.kind.startsWith('key-')) {
    throw new ControlError('kind', `${fault.kind} cannot happen: no connector here knows idempotency keys`);
  }
  checkFaultScope('prism', OPERATIONS, ONLY, fault);
  const { kind, operation, code } = fault;
  if (kind !== 'refuse') return;
  if (code === undefined)
    throw new ControlError('code', 'is needed: an error code of the connector, or "failed"');
  if (code === 'failed' && operation !== 'createRefund')
    throw new ControlError('operation', 'failed can only happen to createRefund');
}

/** The answer of a fault that keeps the request from being executed; undefined when it is executed. */
export function answerInstead(
  connector: Connector,
  fault: Fault | undefined,
  texts: Texts,
): Answer | undefined {
  switch (fault?.kind) {
    case 'error-before-effect':
      return worded(connector, connector.refusals.internal, fault, texts);
    case 'unauthorized':
      return worded(connector, connector.refusals.key, fault, texts);
    case 'forbidden':
      return worded(connector, connector.refusals.forbidden, fault, texts);
    case 'rate-limited':
      return rateLimited(fault);
    case 'garbage':
      return fault.effect === false ? garbageAnswer(fault) : undefined;
    case 'refuse':
      return fault.code === 'failed' ? undefined : refused(connector, fault);
    default:
      return undefined;
  }
}

/** How a refund starts out under this fault. */
export function forcedOutcome(fault: Fault | undefined): ForcedOutcome | undefined {
  if (fault?.kind === 'pending') return { status: 'pending' };
  if (fault?.kind !== 'refuse' || fault.code !== 'failed') return undefined;
  return { status: 'failed', failure: fault.description ?? 'Refused' };
}

/** Changes the answer of a request that was executed. */
export function distort(
  connector: Connector,
  fault: Fault | undefined,
  answer: Answer,
  texts: Texts,
): Answer {
  switch (fault?.kind) {
    case 'error-after-effect':
      return {
        ...worded(connector, connector.refusals.internal, fault, texts),
        effect: answer.effect,
      };
    case 'garbage':
      return { ...garbageAnswer(fault), effect: answer.effect };
    case 'wrong-amount':
      return rewrite(answer, (body) => connector.withAmount(body, (minor) => wrongMinor(fault, minor)));
    case 'unknown-status':
      return rewrite(answer, (body) => connector.withStatus(body, fault.word ?? 'under_review'));
    default:
      return answer;
  }
}

function worded(connector: Connector, key: TextKey, fault: Fault, texts: Texts): Answer {
  const refusal = refusalOf(key, fault.description === undefined ? texts : { [key]: fault.description });
  return connector.errorAnswer({ ...refusal, status: fault.status ?? refusal.status });
}

// Neither connector's body for it is known: none, or what stands in front of it says.
function rateLimited({ format = 'empty', retryAfterMs }: Fault): Answer {
  const answer = garbageAnswer({ format, status: 429 });
  if (retryAfterMs === undefined) return answer;
  const seconds = Math.ceil(retryAfterMs / 1_000);
  return { ...answer, headers: { ...answer.headers, 'retry-after': String(seconds) } };
}

function refused(connector: Connector, { code = '', description, status = 422 }: Fault): Answer {
  return connector.errorAnswer({ status, code, message: description ?? 'The request was refused' });
}

function rewrite(answer: Answer, change: (body: unknown) => unknown): Answer {
  const body: unknown = JSON.parse(answer.body);
  return isObject(body) || Array.isArray(body) ? { ...answer, body: JSON.stringify(change(body)) } : answer;
}

function wrongMinor({ amount }: Fault, minor: number): number {
  const given = amount === undefined ? undefined : parseMinor(amount.value, exponentOf(amount.currency));
  return given === undefined ? minor + WRONG_BY_MINOR : Number(given);
}
