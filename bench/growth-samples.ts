import { sql, type Kysely } from 'kysely';
import type { Database } from '../src/db/tables.ts';
import { encodeGlobalId, type AccountId, type MerchantId } from '../src/ids.ts';

/** What the operations ask for, of one merchant: things from the middle of its history. */
export interface Samples {
  readonly merchantId: MerchantId;
  readonly accountId: AccountId;
  /** Global ids. */
  readonly account: string;
  /** The account of the merchant that has the fewest refunds. */
  readonly otherAccount: string;
  readonly refund: string;
  readonly payment: string;
  readonly reference: string;
  readonly orderReference: string;
  /** Sellers with few and with many refunds. */
  readonly seller: string;
  readonly largeSeller: string;
  /** When the refund in the middle was made; ranges begin there. */
  readonly at: Date;
  /** Twenty refunds from there on. */
  readonly refunds: readonly string[];
  /** The place of the refund in the middle in the feed. */
  readonly change: { readonly epoch: bigint; readonly xid: bigint; readonly seq: bigint };
}

interface Row {
  readonly id: string;
  readonly account_id: AccountId;
  readonly payment_id: string;
  readonly reference: string | null;
  readonly order_reference: string;
  readonly seller: string;
  readonly created_at: Date;
  readonly change_epoch: bigint;
  readonly change_xid: string;
  readonly change_seq: bigint;
}

/** Reads them from generated data, by the middle of the time that it spans. */
export async function readSamples(db: Kysely<Database>, merchantId: MerchantId): Promise<Samples> {
  const { rows } = await sql<Row>`
    SELECT r.id, r.account_id, r.payment_id, r.reference, p.order_reference, s.seller, r.created_at,
      r.change_epoch, r.change_xid, r.change_seq
    FROM refunds r JOIN payments p ON p.id = r.payment_id
    JOIN LATERAL (SELECT seller FROM payment_sources WHERE payment_id = p.id ORDER BY seller DESC LIMIT 1) s ON true
    WHERE r.merchant_id = ${merchantId} AND r.account_id = (
        SELECT account_id FROM refunds WHERE merchant_id = ${merchantId} GROUP BY 1 ORDER BY count(*) DESC LIMIT 1)
      AND r.created_at >= (
        SELECT min(created_at) + (max(created_at) - min(created_at)) / 2 FROM refunds WHERE merchant_id = ${merchantId})
      -- Of one shape: other sizes must ask for the same.
      AND r.status = 'SUCCEEDED' AND r.version = 2 AND r.origin = 'API'
      AND (SELECT count(*) FROM refunds other WHERE other.payment_id = p.id) = 1
    ORDER BY r.created_at, r.id LIMIT 400`.execute(db);
  const whole = rows.filter(({ seller }) => !seller.startsWith('seller-'));
  const [first] = whole;
  if (first === undefined) throw new Error('There are no refunds of this merchant.');
  const { rows: other } = await sql<{ account_id: AccountId }>`
    SELECT account_id FROM refunds WHERE merchant_id = ${merchantId} GROUP BY 1 ORDER BY count(*) LIMIT 1`.execute(
    db,
  );
  const isSeller = (row: Row) => row.seller.startsWith('seller-') && row.seller !== 'seller-large';
  return {
    merchantId,
    accountId: first.account_id,
    account: encodeGlobalId('ProviderAccount', first.account_id),
    otherAccount: encodeGlobalId('ProviderAccount', other[0]!.account_id),
    refund: encodeGlobalId('Refund', first.id),
    payment: encodeGlobalId('Payment', first.payment_id),
    reference: whole.find((row) => row.reference !== null)?.reference ?? 'none',
    orderReference: first.order_reference,
    seller: rows.find(isSeller)?.seller ?? first.seller,
    largeSeller: 'seller-large',
    at: first.created_at,
    refunds: whole.slice(0, 20).map((row) => encodeGlobalId('Refund', row.id)),
    change: {
      epoch: first.change_epoch,
      xid: BigInt(first.change_xid),
      seq: first.change_seq,
    },
  };
}
