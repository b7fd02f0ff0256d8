import { sql, type Insertable, type Kysely, type Selectable } from 'kysely';
import type { LegId, PaymentId } from '../ids.ts';
import type { Database, PaymentItemTable } from './tables.ts';

export type PaymentItem = Selectable<PaymentItemTable>;
type Db = Kysely<Database>;

/** What a provider says is left of a line now: hundredths of its unit, and minor units. */
export interface ItemLeft {
  readonly item: string;
  readonly leftHundredths: bigint;
  readonly leftMinor: bigint;
}

/** What a leg takes of a line of the cart. */
export interface LegItem {
  readonly item: string;
  readonly quantityHundredths: bigint;
  readonly amountMinor: bigint;
}

/** The lines of a payment's cart, in their order. Index payment_items_item_unique. */
export function listPaymentItems(db: Db, paymentId: PaymentId): Promise<PaymentItem[]> {
  return db
    .selectFrom('payment_items')
    .selectAll()
    .where('payment_id', '=', paymentId)
    .orderBy('position')
    .execute();
}

/** What a leg takes of each line. Primary key of refund_items. */
export function listLegItems(db: Db, legId: LegId): Promise<LegItem[]> {
  return db
    .selectFrom('refund_items as part')
    .innerJoin('payment_items as line', 'line.id', 'part.item_id')
    .select([
      'line.item',
      'part.quantity_hundredths as quantityHundredths',
      'part.amount_minor as amountMinor',
    ])
    .where('part.leg_id', '=', legId)
    .orderBy('line.position')
    .execute();
}

/** Of each line the first sight stays: what was sold is never learned twice. */
export async function insertPaymentItemsIfAbsent(
  tx: Db,
  rows: readonly Insertable<PaymentItemTable>[],
): Promise<void> {
  if (rows.length === 0) return;
  await tx
    .insertInto('payment_items')
    .values([...rows])
    .onConflict((oc) => oc.constraint('payment_items_item_unique').doNothing())
    .execute();
}

/** Stores what is left of each line now; a line that is not named any more has nothing left. Needs the payment's lock. */
export async function updateItemsLeft(
  tx: Db,
  paymentId: PaymentId,
  items: readonly ItemLeft[],
): Promise<void> {
  await sql`
    UPDATE payment_items line SET left_hundredths = COALESCE(now.hundredths, 0), left_minor = COALESCE(now.minor, 0)
    FROM payment_items known LEFT JOIN unnest(
      ${items.map(({ item }) => item)}::text[], ${items.map((one) => one.leftHundredths)}::bigint[],
      ${items.map((one) => one.leftMinor)}::bigint[]) AS now (item, hundredths, minor) ON now.item = known.item
    WHERE known.payment_id = ${paymentId} AND line.id = known.id
      AND (line.left_hundredths, line.left_minor) IS DISTINCT FROM (COALESCE(now.hundredths, 0), COALESCE(now.minor, 0))`.execute(
    tx,
  );
}
