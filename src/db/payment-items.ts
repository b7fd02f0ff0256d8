import { sql, type Insertable, type Kysely, type Selectable } from 'kysely';
import type { LegId, MerchantId, PaymentId } from '../ids.ts';
import { appNow } from './sql-time.ts';
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

/** What a leg takes of a line, with the line as it is. */
export interface LegItemRow {
  readonly leg_id: LegId;
  readonly quantity_hundredths: bigint;
  readonly amount_minor: bigint;
  readonly line: PaymentItem;
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

/** What these legs take of each line, and the lines. Primary key of refund_items, then of payment_items. */
export async function listItemsOfLegs(
  db: Db,
  merchantId: MerchantId,
  legIds: readonly LegId[],
): Promise<LegItemRow[]> {
  const rows = await db
    .selectFrom('refund_items as part')
    .innerJoin('payment_items as line', 'line.id', 'part.item_id')
    .selectAll('line')
    .select(['part.leg_id', 'part.quantity_hundredths', 'part.amount_minor'])
    .where(sql<boolean>`part.leg_id = ANY(${[...legIds]}::uuid[])`)
    .where('part.merchant_id', '=', merchantId)
    .orderBy('line.position')
    .execute();
  return rows.map(({ leg_id, quantity_hundredths, amount_minor, ...line }) => ({
    leg_id,
    quantity_hundredths,
    amount_minor,
    line,
  }));
}

/**
 * Of each line the first sight stays: once a payment is captured, what was sold is never learned again. A new line raises
 * the version of the payment. Needs the payment's lock.
 */
export async function insertPaymentItemsIfAbsent(
  tx: Db,
  rows: readonly Insertable<PaymentItemTable>[],
): Promise<void> {
  if (rows.length === 0) return;
  await tx
    .with('added', (cte) =>
      cte
        .insertInto('payment_items')
        .values([...rows])
        .onConflict((oc) => oc.constraint('payment_items_item_unique').doNothing())
        .returning('payment_id'),
    )
    .updateTable('payments')
    .set({ version: sql<number>`version + 1`, updated_at: appNow })
    .where('id', 'in', (eb) => eb.selectFrom('added').select('payment_id'))
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

/** A cart may change until it is paid: what is left of each line now is what is sold of it. Needs the payment's lock. */
export async function sellWhatIsLeft(tx: Db, paymentId: PaymentId): Promise<void> {
  await tx
    .updateTable('payment_items')
    .set((eb) => ({ sold_hundredths: eb.ref('left_hundredths'), sold_minor: eb.ref('left_minor') }))
    .where('payment_id', '=', paymentId)
    .where(sql<boolean>`(sold_hundredths, sold_minor) IS DISTINCT FROM (left_hundredths, left_minor)`)
    .execute();
}
