import { deleteIgnoredDeliveries, deleteOldDeliveries } from '../../db/webhook-deliveries.ts';
import type { World } from '../world.ts';

/** Longer than any provider repeats a message: Razorpay's support sends those of fifteen days again. */
const keptForMs = 30 * 24 * 3_600_000;

/** Of what was about nothing, this many messages of an account stay to be seen: anybody can send such. */
const ignoredAtMost = 10_000;

/** Rows that one statement deletes, at most. */
const rowsAtOnce = 5_000;

/** Forgets messages that were worked on: after thirty days, and those about nothing beyond the newest of each account. */
export async function forgetOldMessages(
  { db, connections }: Pick<World, 'db' | 'connections'>,
  limits: { readonly ignoredAtMost: number; readonly rowsAtOnce: number } = { ignoredAtMost, rowsAtOnce },
): Promise<void> {
  await repeated(limits.rowsAtOnce, () => deleteOldDeliveries(db, keptForMs, limits.rowsAtOnce));
  for (const { accountId, adapter } of connections.all())
    if (adapter.webhooks !== undefined)
      await repeated(limits.rowsAtOnce, () =>
        deleteIgnoredDeliveries(db, accountId, limits.ignoredAtMost, limits.rowsAtOnce),
      );
}

async function repeated(full: number, remove: () => Promise<number>): Promise<void> {
  while ((await remove()) === full);
}
