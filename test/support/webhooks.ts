import { expect } from 'vitest';
import { driveWebhooks } from '../../src/refunds/engine/drive-webhooks.ts';
import type { World } from '../../src/refunds/world.ts';
import type { ProviderDelivery } from '../../src/testing/delivery.ts';
import { buildRazorpayDelivery, type RazorpayDelivery } from '../../src/testing/razorpay-delivery.ts';
import { buildYooKassaDelivery, type YooKassaDelivery } from '../../src/testing/yookassa-delivery.ts';
import type { TestService } from './service.ts';
import type { TestWorld } from './world.ts';

/** The webhook URL of an account of a service; another `origin` for another service on the same database. */
export function webhookUrl({ app }: Pick<TestService, 'app'>, account: string, origin = app.url): string {
  const found = app.world.connections.all().find(({ accountCode }) => accountCode === account);
  if (found === undefined) throw new Error(`no account ${account}`);
  return `${origin}/webhooks/${found.webhookId}`;
}

/** Sends a delivery as its provider would. */
export const send = (url: string, { method, path, headers, body }: ProviderDelivery): Promise<Response> =>
  fetch(url + path, { method, headers, ...(method === 'GET' ? {} : { body }) });

/** Of razorpay-demo, signed with its secret unless another one is given. */
export const razorpay = (
  told: Omit<Extract<RazorpayDelivery, { refundId: string }>, 'account' | 'secret'> & {
    readonly account?: string;
    readonly secret?: string;
  },
): ProviderDelivery =>
  buildRazorpayDelivery({ account: 'acc_SimSub00000001', secret: 'whsec-curlec-test-1', ...told });

export const yookassa = (told: YooKassaDelivery): ProviderDelivery => buildYooKassaDelivery(told);

/** What is stored, oldest first. */
export const messagesOf = (t: Pick<TestWorld, 'database'>) =>
  t.database.db.selectFrom('webhook_deliveries').selectAll().orderBy('received_at').orderBy('id').execute();

/** Forgets all messages, so that the next test sees its own. */
export const forgetMessages = (t: Pick<TestWorld, 'database'>) =>
  t.database.db.deleteFrom('webhook_deliveries').execute();

/** Waits until the engine has worked on everything that is stored. */
export async function untilWorkedOn(t: Pick<TestWorld, 'database'>): Promise<void> {
  await expect
    .poll(async () => (await messagesOf(t)).filter(({ status }) => status === 'PENDING'), { timeout: 20_000 })
    .toEqual([]);
}

/** How many calls each operation of a provider has had since. */
export async function watchCalls(
  t: Pick<TestWorld, 'control'>,
  provider: string,
): Promise<() => Promise<readonly (string | null)[]>> {
  interface Log {
    readonly requests: readonly { readonly operation: string | null }[];
    readonly next: number;
  }
  const read = (since: number) => t.control<Log>(`requests?provider=${provider}&since=${since}`);
  const { next } = await read(0);
  return async () => (await read(next)).requests.map(({ operation }) => operation);
}

/** One batch of the messages of every account, and nothing else that an engine does. */
export async function workOnMessages(world: World): Promise<void> {
  const round = { batchSize: 100, isStopping: () => false };
  for (const connection of world.connections.all()) await driveWebhooks(world, connection, round);
}
