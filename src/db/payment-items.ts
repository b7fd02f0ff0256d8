import { sql, type Insertable, type Kysely, type Selectable } from 'kysely';
import type { ItemId, LegId, MerchantId, PaymentId, RefundId } from '../ids.ts';
import type { LegCounts, LegItemShare } from './refunds.ts';
import type { Database, PaymentItemTable, RefundItemTable } from './tables.ts';

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

/** Of each line the first sight stays: once a payment is captured, what was sold is never learned again. */
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

/** A cart may change until it is paid: what is left of each line now is what is sold of it. Needs the payment's lock. */
export async function sellWhatIsLeft(tx: Db, paymentId: PaymentId): Promise<void> {
  await tx
    .updateTable('payment_items')
    .set((eb) => ({ sold_hundredths: eb.ref('left_hundredths'), sold_minor: eb.ref('left_minor') }))
    .where('payment_id', '=', paymentId)
    .where(sql<boolean>`(sold_hundredths, sold_minor) IS DISTINCT FROM (left_hundredths, left_minor)`)
    .execute();
}

interface LegWithItems {
  readonly legId: LegId;
  readonly counts: LegCounts;
  readonly items: readonly LegItemShare[];
}

/** The rows of what the legs of a new refund take. */
export const refundItemRows = (
  merchantId: MerchantId,
  refundId: RefundId,
  legs: readonly LegWithItems[],
): Insertable<RefundItemTable>[] =>
  legs.flatMap((leg) =>
    leg.items.map((share) => ({
      leg_id: leg.legId,
      item_id: share.itemId,
      merchant_id: merchantId,
      refund_id: refundId,
      quantity_hundredths: share.quantityHundredths,
      amount_minor: share.amountMinor,
    })),
  );

/**
 * Adds what the legs of a new refund take to the sums of their lines; a caller's wish cannot pass the CHECK of a line.
 * Several legs may take of one line, so the statement adds them up first.
 */
export function countedItems(cte: Db, legs: readonly LegWithItems[], isFact: boolean) {
  const taken = new Map<ItemId, ItemSums>();
  for (const { items, counts } of legs)
    for (const { itemId, quantityHundredths, amountMinor } of items) {
      const [reserved, returned] = [BigInt(counts.reserved), BigInt(counts.refunded)];
      const sums = taken.get(itemId) ?? [0n, 0n, 0n, 0n];
      sums[0] += reserved * quantityHundredths;
      sums[1] += reserved * amountMinor;
      sums[2] += returned * quantityHundredths;
      sums[3] += returned * amountMinor;
      taken.set(itemId, sums);
    }
  const column = (index: 0 | 1 | 2 | 3): bigint[] => [...taken.values()].map((sums) => sums[index]);
  const added =
    sql<Added>`unnest(${[...taken.keys()]}::uuid[], ${column(0)}::bigint[], ${column(1)}::bigint[],
    ${column(2)}::bigint[], ${column(3)}::bigint[])`.as<'added'>(
      sql`added (id, reserved_h, reserved_m, returned_h, returned_m)`,
    );
  return cte
    .updateTable('payment_items as line')
    .from(added)
    .set({
      reserved_hundredths: sql<bigint>`line.reserved_hundredths + added.reserved_h`,
      reserved_minor: sql<bigint>`line.reserved_minor + added.reserved_m`,
      returned_hundredths: sql<bigint>`line.returned_hundredths + added.returned_h`,
      returned_minor: sql<bigint>`line.returned_minor + added.returned_m`,
      overcommitted: isFact
        ? sql<boolean>`line.overcommitted
            OR line.returned_hundredths + line.reserved_hundredths + added.reserved_h + added.returned_h > line.sold_hundredths
            OR line.returned_minor + line.reserved_minor + added.reserved_m + added.returned_m > line.sold_minor`
        : sql<boolean>`line.overcommitted`,
    })
    .whereRef('line.id', '=', 'added.id');
}

type ItemSums = [
  reservedHundredths: bigint,
  reservedMinor: bigint,
  returnedHundredths: bigint,
  returnedMinor: bigint,
];

interface Added {
  readonly id: ItemId;
  readonly reserved_h: bigint;
  readonly reserved_m: bigint;
  readonly returned_h: bigint;
  readonly returned_m: bigint;
}
