import { ApiError } from './api-error.ts';
import type { Form } from './form.ts';
import { integerOf, refuseUnknown, textOf } from './params.ts';
import type { RefundRecord } from './records.ts';
import { findCharged, findPayment } from './refund-rules.ts';
import type { Store } from './store.ts';
import { secondsOf } from './view.ts';

/** One page of refunds, newest first. */
export interface Page {
  refunds: RefundRecord[];
  hasMore: boolean;
}

const DEFAULT_LIMIT = 10;
const MAX_LIMIT = 100;
const KNOWN = ['charge', 'created', 'ending_before', 'limit', 'payment_intent', 'starting_after'];
const BOUNDS: Record<string, (second: number, bound: number) => boolean> = {
  gt: (second, bound) => second > bound,
  gte: (second, bound) => second >= bound,
  lt: (second, bound) => second < bound,
  lte: (second, bound) => second <= bound,
};

/**
 * `GET /v1/refunds` (docs.stripe.com/api/refunds/list). `until` hides younger refunds: a list that lags behind its own
 * writes. Throws 400 for a wrong parameter, 404 for an unknown cursor and, by the setting, an unknown payment.
 */
export function listRefunds(store: Store, scope: string, form: Form, until: number): Page {
  refuseUnknown(form, KNOWN);
  const limit = limitOf(form);
  const isWanted = createdFilter(form);
  const [after, before] = [
    cursorOf(store, scope, form, 'starting_after'),
    cursorOf(store, scope, form, 'ending_before'),
  ];
  const timeline = timelineOf(store, scope, form);
  const found: RefundRecord[] = [];
  for (const id of timeline === undefined ? [] : store.timeline(timeline).newestFirst(after)) {
    if (id === before?.id) break;
    const refund = store.refunds.get(id);
    if (refund !== undefined && refund.at <= until && isWanted(secondsOf(refund.at))) found.push(refund);
  }
  const page = before === undefined ? found.slice(0, limit) : found.slice(-limit);
  return { refunds: page, hasMore: found.length > page.length };
}

function timelineOf(store: Store, scope: string, form: Form): string | undefined {
  const [paymentId, chargeId] = [textOf(form, 'payment_intent'), textOf(form, 'charge')];
  if (paymentId === undefined && chargeId === undefined) return `refunds/${scope}`;
  try {
    const payment =
      paymentId === undefined
        ? findCharged(store, scope, chargeId ?? '')
        : findPayment(store, scope, paymentId, 'paymentUnknown');
    return `refunds/${scope}/${payment.id}`;
  } catch (error) {
    if (store.settings.unknownFilter === 'empty' && error instanceof ApiError) return undefined;
    throw error;
  }
}

function limitOf(form: Form): number {
  const limit = integerOf(form, 'limit', 1n) ?? BigInt(DEFAULT_LIMIT);
  if (limit > MAX_LIMIT) throw new ApiError('integerHigh', { limit: String(MAX_LIMIT) }, 'limit');
  return Number(limit);
}

function cursorOf(store: Store, scope: string, form: Form, name: string): RefundRecord | undefined {
  const id = textOf(form, name);
  if (id === undefined) return undefined;
  const refund = store.refunds.get(id);
  if (refund === undefined || refund.scope !== scope) throw new ApiError('refundUnknown', { id }, name);
  return refund;
}

function createdFilter(form: Form): (second: number) => boolean {
  const { created } = form;
  if (created === undefined) return () => true;
  if (typeof created === 'string') {
    const exact = Number(integerOf(form, 'created', 0n));
    return (second) => second === exact;
  }
  const tests = Object.keys(created).map((word) => {
    const test = BOUNDS[word];
    if (test === undefined) throw new ApiError('parameterUnknown', { id: `created[${word}]` }, 'created');
    const bound = Number(integerOf(created, word, 0n));
    return (second: number) => test(second, bound);
  });
  return (second) => tests.every((test) => test(second));
}
