import { control, graphql, type Place } from './service.ts';

const CREATE = `
  mutation ($input: CreateRefundInput!) {
    createRefund(input: $input) { replayed refund { id status } errors { code message } }
  }`;

export interface CreatedRefund {
  readonly replayed: boolean;
  readonly refund: { readonly id: string; readonly status: string } | null;
  readonly errors: readonly { readonly code: string }[];
}

/** A payment of 1 500.00 RUB in the sandbox, captured unless `more` says otherwise; gives its reference. */
export async function newPayment(place: Place, more: object = {}): Promise<string> {
  const made = await control(place, 'POST', 'payments', {
    provider: 'yookassa',
    account: 'yookassa-demo',
    amount: { value: '1500.00', currency: 'RUB' },
    ...more,
  });
  return (made as { reference: string }).reference;
}

/** Refunds 10.00 RUB of a payment. */
export async function refund(
  url: string,
  paymentId: string,
  idempotencyKey: string,
  waitMs = 30_000,
): Promise<CreatedRefund> {
  const input = {
    idempotencyKey,
    payment: { provider: { account: 'yookassa-demo', paymentId } },
    amount: { money: { value: '10.00', currency: 'RUB' } },
    reason: 'GOODWILL',
    waitMs,
  };
  const answer = await graphql(url, CREATE, { input });
  if (answer.errors !== undefined) throw new Error(JSON.stringify(answer.errors));
  return answer.data?.['createRefund'] as CreatedRefund;
}

const CANCEL = `
  mutation ($input: CancelPaymentInput!) {
    cancelPayment(input: $input) { outcome replayed errors { code message } }
  }`;

/** Releases the hold of a payment. */
export async function cancelPayment(
  url: string,
  paymentId: string,
  idempotencyKey: string,
): Promise<{ readonly outcome: string | null; readonly replayed: boolean }> {
  const input = {
    idempotencyKey,
    payment: { provider: { account: 'yookassa-demo', paymentId } },
    reason: 'OTHER',
    waitMs: 30_000,
  };
  const answer = await graphql(url, CANCEL, { input });
  if (answer.errors !== undefined) throw new Error(JSON.stringify(answer.errors));
  return answer.data?.['cancelPayment'] as { outcome: string | null; replayed: boolean };
}

/** How many refunds of a payment the sandbox's own books have. */
export async function refundsAtProvider(place: Place, paymentId: string): Promise<number> {
  const ledger = await control(place, 'GET', `ledger?provider=yookassa&reference=${paymentId}`);
  const { payments } = ledger as { payments: { reference: string; refunds: unknown[] }[] };
  return payments.find(({ reference }) => reference === paymentId)?.refunds.length ?? 0;
}
