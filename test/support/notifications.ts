import { sql } from 'kysely';
import { expect } from 'vitest';
import { refundInput, createRefundMutation, type TestService } from './service.ts';
import { webhookUrl } from './webhooks.ts';

/** What became of one notification, as the sandbox saw it. */
export interface Notified {
  readonly event: string;
  readonly forged: boolean;
  readonly attempts: number;
  readonly lastStatus: number | null;
  readonly acknowledged: boolean;
}

/** Lets the sandbox send what it has to tell of a provider to the URL of one account of the service. */
export async function switchWebhooks(
  t: TestService,
  provider: string,
  account: string,
  mode: 'on' | 'off' | 'duplicate' | 'reorder' | 'forge',
): Promise<void> {
  await t.control('webhooks', { provider, mode, url: webhookUrl(t, account) });
}

export async function notifiedOf(t: TestService, provider: string): Promise<readonly Notified[]> {
  const { webhooks } = await t.control<{ webhooks: { deliveries: Notified[] }[] }>(
    `webhooks?provider=${provider}`,
  );
  return webhooks[0]!.deliveries;
}

/** Makes a refund that its provider has not ended yet. */
export async function makePendingRefund(
  t: TestService,
  account: string,
  paymentId: string,
  value: string,
  currency = 'RUB',
): Promise<string> {
  const input = refundInput(paymentId, value, {
    payment: { provider: { account, paymentId } },
    amount: { money: { value, currency } },
  });
  const { data } = await t.graphql<any>(createRefundMutation, { input });
  expect(data.createRefund.refund).toMatchObject({ status: 'PENDING' });
  return data.createRefund.refund.id;
}

/** From now on nothing is looked at by itself: what becomes known was told. */
export async function stopOrdinaryLooks({ database: { db } }: TestService): Promise<void> {
  const tomorrow = sql<Date>`app_now() + interval '1 day'`;
  await db
    .updateTable('refund_legs')
    .set({ next_look_at: tomorrow })
    .where('next_look_at', 'is not', null)
    .execute();
  await db
    .updateTable('payments')
    .set({ next_look_at: tomorrow })
    .where('next_look_at', 'is not', null)
    .execute();
}
