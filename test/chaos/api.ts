import type { Caller } from './accounts.ts';
import type { Answer, History, RefundSeen } from './history.ts';

const REFUND = 'refund { id status isFinal retries amount { minorUnits } }';
const PAYLOAD = `${REFUND} errors { code retry }`;
/** The mutations that a client sends. */
export const documents = {
  createRefund: `mutation ($input: CreateRefundInput!) { it: createRefund(input: $input) { replayed ${PAYLOAD} } }`,
  cancelPayment: `mutation ($input: CancelPaymentInput!) { it: cancelPayment(input: $input) { outcome replayed ${PAYLOAD} } }`,
  cancelRefund: `mutation ($input: CancelRefundInput!) { it: cancelRefund(input: $input) { ${PAYLOAD} } }`,
  retryRefund: `mutation ($input: RetryRefundInput!) { it: retryRefund(input: $input) { replayed ${PAYLOAD} } }`,
  resolveRefund: `mutation ($input: ResolveRefundInput!) { it: resolveRefund(input: $input)
    { ${REFUND} errors { code retry ... on NotResolvable { resolvableAt } } } }`,
  syncRefund: `mutation ($input: SyncRefundInput!) { it: syncRefund(input: $input) { ${PAYLOAD} } }`,
} as const;
/** A refund with the sums of its payment. */
export const READ_REFUND = `query ($id: ID!, $age: Int) { it: refund(by: { id: $id }, maxAgeSeconds: $age, waitMs: 1000)
  { id status isFinal retries amount { minorUnits }
    payment { overcommitted: refundability { state } captured { minorUnits } refunded { minorUnits } reserved { minorUnits } } } }`;

/** A payment, asked for at its provider. */
export const READ_PAYMENT = `query ($by: PaymentRefInput!) { it: payment(by: $by, maxAgeSeconds: 0, waitMs: 5000) { id } }`;

/** What every mutation answers. */
export interface Payload {
  readonly outcome?: string | null;
  readonly replayed?: boolean;
  readonly refund:
    | (Omit<RefundSeen, 'amountMinor'> & { readonly amount: { readonly minorUnits: string } })
    | null;
  readonly errors: readonly {
    readonly code: string;
    readonly retry: string;
    /** Of a verdict that comes too early. */
    readonly resolvableAt?: string | null;
  }[];
}

/** A GraphQL answer. */
export interface Told<Data> {
  readonly data?: { readonly it: Data | null } | null;
  readonly errors?: readonly { readonly message: string; readonly extensions?: { readonly code?: string } }[];
}

/** Codes at the top level that say "again"; any other is a mistake of this client or a bug. */
const again = new Set(['DATABASE_UNAVAILABLE', 'PROVIDER_UNAVAILABLE', 'SERVICE_UNAVAILABLE', 'OVERLOADED']);

/** What an answer tells a caller; a mistake or a bug goes into the history as wrong. */
export function meaningOf(told: Told<Payload> | string, history: History): Answer {
  if (typeof told === 'string') return { kind: 'none', why: told };
  const [error] = told.errors ?? [];
  if (error !== undefined) {
    const code = error.extensions?.code ?? 'no code';
    if (!again.has(code)) history.wrong.push(`answered ${code}: ${error.message}`);
    return { kind: 'none', why: code };
  }
  const it = told.data?.it;
  if (it === null || it === undefined) return { kind: 'none', why: 'no data' };
  if (it.errors.some(({ retry }) => retry === 'SAME_KEY'))
    return { kind: 'none', why: it.errors.map(({ code }) => code).join(',') };
  if (it.errors.length > 0) return { kind: 'refused', codes: it.errors.map(({ code }) => code) };
  if (it.refund !== null) return { kind: 'refund', refund: seenOf(it.refund), replayed: it.replayed ?? true };
  return { kind: 'outcome', outcome: it.outcome ?? 'none' };
}

export const seenOf = ({
  amount,
  id,
  status,
  isFinal,
  retries,
}: NonNullable<Payload['refund']>): RefundSeen => ({
  id,
  status,
  isFinal,
  retries,
  amountMinor: amount.minorUnits,
});

/** How long a client waits for one answer. */
const PATIENCE_MS = 12_000;

/** @returns what was answered, or why there is no answer */
export async function post<Data>(
  url: string,
  { key }: Caller,
  query: string,
  variables: Readonly<Record<string, unknown>>,
): Promise<Told<Data> | string> {
  try {
    const answer = await fetch(`${url}/graphql`, {
      method: 'POST',
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
      body: JSON.stringify({ query, variables }),
      signal: AbortSignal.timeout(PATIENCE_MS),
    });
    const text = await answer.text();
    if (answer.status === 503) return '503';
    return JSON.parse(text) as Told<Data>;
  } catch (error) {
    return error instanceof Error ? error.name : 'no answer';
  }
}
