import type { Kysely, Selectable } from 'kysely';
import type { Database } from '../../src/db/tables.ts';
import type { PaymentId } from '../../src/ids.ts';

type Row<Table extends keyof Database> = Selectable<Database[Table]>;

/** What the service has written, as far as the invariants speak of it. Events are in the order of their ids. */
export interface Snapshot {
  readonly payments: readonly Pick<
    Row<'payments'>,
    | 'id'
    | 'provider_payment_id'
    | 'captured_minor'
    | 'refunded_minor'
    | 'reserved_minor'
    | 'unbound_minor'
    | 'overcommitted'
  >[];
  readonly sources: readonly Omit<Row<'payment_sources'>, 'merchant_id'>[];
  readonly refunds: readonly Pick<
    Row<'refunds'>,
    'id' | 'payment_id' | 'status' | 'origin' | 'version' | 'retries' | 'amount_minor' | 'returned_minor'
  >[];
  readonly legs: readonly Pick<
    Row<'refund_legs'>,
    | 'id'
    | 'payment_id'
    | 'refund_id'
    | 'name'
    | 'status'
    | 'amount_minor'
    | 'returned_minor'
    | 'attempt'
    | 'provider_refund_id'
    | 'next_look_at'
  >[];
  readonly shares: readonly Omit<Row<'leg_sources'>, 'merchant_id'>[];
  /** Lines of carts, and what legs take of them. */
  readonly lines: readonly Omit<Row<'payment_items'>, 'merchant_id'>[];
  readonly parts: readonly Omit<Row<'refund_items'>, 'merchant_id'>[];
  readonly attempts: readonly Pick<Row<'leg_attempts'>, 'leg_id' | 'attempt' | 'provider_key' | 'sends'>[];
  readonly events: readonly Pick<
    Row<'events'>,
    | 'payment_id'
    | 'refund_id'
    | 'leg_id'
    | 'kind'
    | 'from_status'
    | 'to_status'
    | 'actor'
    | 'source'
    | 'evidence'
  >[];
  readonly operations: readonly Pick<Row<'payment_operations'>, 'id' | 'payment_id' | 'status'>[];
  readonly keys: readonly {
    readonly merchant: string;
    readonly key: string;
    readonly refund_id: string | null;
  }[];
}

/** Reads everything about some payments, or about all of them. One statement per table: take it when all is quiet. */
export async function takeSnapshot(db: Kysely<Database>, only?: readonly PaymentId[]): Promise<Snapshot> {
  const of = only ?? (await db.selectFrom('payments').select('id').execute()).map(({ id }) => id);
  const ids = of.length === 0 ? ['00000000-0000-0000-0000-000000000000' as PaymentId] : of;
  const legsOf = db.selectFrom('refund_legs').select('id').where('payment_id', 'in', ids);
  return {
    payments: await db.selectFrom('payments').selectAll().where('id', 'in', ids).execute(),
    sources: await db.selectFrom('payment_sources').selectAll().where('payment_id', 'in', ids).execute(),
    refunds: await db.selectFrom('refunds').selectAll().where('payment_id', 'in', ids).execute(),
    legs: await db.selectFrom('refund_legs').selectAll().where('payment_id', 'in', ids).execute(),
    shares: await db.selectFrom('leg_sources').selectAll().where('leg_id', 'in', legsOf).execute(),
    lines: await db.selectFrom('payment_items').selectAll().where('payment_id', 'in', ids).execute(),
    parts: await db.selectFrom('refund_items').selectAll().where('leg_id', 'in', legsOf).execute(),
    attempts: await db.selectFrom('leg_attempts').selectAll().where('leg_id', 'in', legsOf).execute(),
    events: await db.selectFrom('events').selectAll().where('payment_id', 'in', ids).orderBy('id').execute(),
    operations: await db
      .selectFrom('payment_operations')
      .selectAll()
      .where('payment_id', 'in', ids)
      .execute(),
    keys: await db
      .selectFrom('idempotency')
      .innerJoin('merchants', 'merchants.id', 'idempotency.merchant_id')
      .leftJoin('refunds', 'refunds.id', 'idempotency.refund_id')
      .select(['merchants.code as merchant', 'idempotency.key', 'idempotency.refund_id'])
      .where((eb) => eb.or([eb('refunds.payment_id', 'in', ids), eb('idempotency.refund_id', 'is', null)]))
      .execute(),
  };
}
