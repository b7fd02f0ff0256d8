import type { PlayedSandbox } from './played-sandbox.ts';
import type { Service } from './service.ts';

/** Every provider takes it. */
const CURRENCY = 'RUB';

/** A refund that its provider has accepted and not executed yet. */
export interface PendingRefund {
  readonly id: string;
  readonly provider: string;
  /** Null where the provider has none that may be shown. */
  readonly providerRefundId: string | null;
}

const CREATE = `mutation ($input: CreateRefundInput!) {
  createRefund(input: $input) { refund { id status legs { providerRefundId } } errors { message } }
}`;

interface Made {
  readonly createRefund: {
    readonly refund: {
      readonly id: string;
      readonly status: string;
      readonly legs: readonly { readonly providerRefundId: string | null }[];
    } | null;
  };
}

/** Makes so many refunds, each of a payment of its own and of one account after the other, which stay pending. */
export async function makePendingRefunds(
  service: Pick<Service, 'ask'>,
  { accounts, control }: PlayedSandbox,
  refunds: number,
): Promise<PendingRefund[]> {
  for (const provider of new Set(accounts.map(({ simulator }) => simulator)))
    await control('mode', { provider, refunds: 'pending' });
  const made: PendingRefund[] = [];
  for (let n = 0; n < refunds; n += 1) {
    const { simulator, code, provider } = accounts[n % accounts.length]!;
    const { reference } = await control<{ reference: string }>('payments', {
      provider: simulator,
      account: code,
      amount: { value: '100.00', currency: CURRENCY },
    });
    const input = {
      idempotencyKey: `bench-look-${n}`,
      payment: { provider: { account: code, paymentId: reference } },
      amount: { remaining: true },
      reason: 'REQUESTED_BY_CUSTOMER',
      waitMs: 10_000,
    };
    const { createRefund } = await service.ask<Made>(CREATE, { input });
    const { refund } = createRefund;
    if (refund?.status !== 'PENDING') throw new Error(`not pending: ${JSON.stringify(createRefund)}`);
    const providerRefundId = refund.legs[0]?.providerRefundId ?? null;
    made.push({ id: refund.id, provider, providerRefundId });
  }
  return made;
}
