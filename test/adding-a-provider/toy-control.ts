import { z } from 'zod';
import type { LoggedRequest } from '../support/rules.ts';
import type { BookedPayment, ToyBooks } from './toy-books.ts';

const faultInput = z.object({
  operation: z.string(),
  kind: z.string(),
  times: z.number().default(1),
  ms: z.number().optional(),
  seconds: z.number().default(0),
  status: z.number().optional(),
  effect: z.boolean().optional(),
  retryAfterMs: z.number().optional(),
  format: z.enum(['html', 'text', 'empty', 'gateway', 'hollow']).optional(),
});
export type Fault = z.output<typeof faultInput>;

const amount = z.object({ value: z.string(), currency: z.string() });
const paymentInput = z.object({
  amount,
  status: z.enum(['captured', 'authorized', 'pending']).default('captured'),
});
const settleInput = z.object({ status: z.enum(['succeeded', 'failed', 'canceled', 'reversed']) });
const consoleInput = z.object({ reference: z.string(), amount });
const modeInput = z.object({ refunds: z.enum(['instant', 'pending']) });

const minorOf = ({ value }: z.output<typeof amount>): number => Number(value.replace('.', ''));

export interface ToyState {
  readonly books: ToyBooks;
  readonly faults: Fault[];
  readonly requests: readonly LoggedRequest[];
  moveClock(bySeconds: number): number;
}

/** One call of the control API. */
export function playToyControl(toy: ToyState, method: string, route: string, body: unknown): unknown {
  const { pathname, searchParams } = new URL(route, 'http://toy.invalid/');
  switch (`${method} ${pathname}`) {
    case 'POST /payments':
      return { reference: newPayment(toy.books, body) };
    case 'POST /faults':
      return arm(toy, faultInput.parse(body));
    case 'DELETE /faults':
      toy.books.lagSeconds = 0;
      return void toy.faults.splice(0);
    case 'POST /mode':
      return void (toy.books.waits = modeInput.parse(body).refunds === 'pending');
    case 'POST /settle':
      return settle(toy.books, settleInput.parse(body).status);
    case 'POST /console-refund':
      return consoleRefund(toy.books, consoleInput.parse(body));
    case 'POST /clock':
      return {
        offsetSeconds: toy.moveClock(z.object({ advanceSeconds: z.number() }).parse(body).advanceSeconds),
      };
    case 'GET /clock':
      return { now: toy.books.now().toISOString() };
    case 'GET /requests':
      return {
        requests: toy.requests.slice(Number(searchParams.get('since') ?? 0)),
        next: toy.requests.length,
      };
    case 'GET /ledger':
      return { payments: ledger(toy.books, searchParams.get('reference') ?? '') };
    default:
      throw new Error(`control${pathname}: 400 the toy has no such thing`);
  }
}

function newPayment({ payments, now }: ToyBooks, body: unknown): string {
  const wish = paymentInput.parse(body);
  const id = `tp_${String(payments.size + 1).padStart(6, '0')}`;
  const words = { captured: 'paid', authorized: 'held', pending: 'open' } as const;
  payments.set(id, {
    id,
    status: words[wish.status],
    amount: minorOf(wish.amount),
    currency: wish.amount.currency,
    opened_at: now().toISOString(),
    refunds: [],
  });
  return id;
}

function arm({ books, faults }: ToyState, fault: Fault): void {
  if (fault.kind === 'list-lag') books.lagSeconds = fault.seconds;
  else if (fault.kind === 'key-forgotten') books.forgetKeys();
  else faults.push(...Array.from({ length: fault.times }, () => fault));
}

function settle(books: ToyBooks, status: z.output<typeof settleInput>['status']): void {
  for (const refund of books.refunds()) {
    if (status === 'reversed') {
      if (refund.status === 'succeeded') refund.status = 'failed';
    } else if (refund.status === 'waiting') refund.status = status === 'canceled' ? 'stopped' : status;
  }
}

function consoleRefund(books: ToyBooks, wish: z.output<typeof consoleInput>): { refundId: string } {
  const payment = books.payments.get(wish.reference);
  if (payment === undefined) throw new Error('control/console-refund: 400 no such payment');
  const { id } = books.book(payment, minorOf(wish.amount), 'succeeded', { key: null, note: null });
  return { refundId: id };
}

const ledger = ({ payments }: ToyBooks, reference: string): object[] =>
  [payments.get(reference)].flatMap((payment) => (payment === undefined ? [] : [bookOf(payment)]));

const bookOf = ({ id, status, amount: minor, refunds }: BookedPayment): object => ({
  reference: id,
  status,
  capturedMinor: String(status === 'paid' ? minor : 0),
  voided: false,
  refunds: refunds.map((refund) => ({
    id: refund.id,
    status: refund.status,
    amountMinor: String(refund.amount),
    currency: refund.currency,
    sources: [],
    origin: refund.note === null ? 'console' : 'api',
    providerKey: refund.key,
    ourReference: refund.note,
  })),
});
