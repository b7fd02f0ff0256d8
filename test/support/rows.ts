import type { Insertable, Kysely } from 'kysely';
import pino from 'pino';
import { systemClock } from '../../src/clock.ts';
import type { Scope } from '../../src/context.ts';
import type { Database, PaymentTable, RefundLegTable, RefundTable } from '../../src/db/tables.ts';
import {
  uuidv7,
  type AccountId,
  type ApiKeyId,
  type ItemId,
  type MerchantId,
  type PaymentId,
  type RefundId,
} from '../../src/ids.ts';
import type { ProviderCode } from '../../src/vocabulary.ts';
import { createConnections } from '../../src/providers/connections.ts';
import { allAdapters } from '../../src/providers/registry.ts';
import { createBackground } from '../../src/refunds/background.ts';
import { createWorld, type Caller, type World } from '../../src/refunds/world.ts';

/** A merchant with one account and one key, and nobody at the other end: for what the tables answer alone. */
export interface Tenant {
  readonly merchantId: MerchantId;
  readonly accountId: AccountId;
  readonly accountCode: string;
  caller(scopes?: readonly Scope[]): Caller;
}

type Db = Kysely<Database>;

export async function insertTenant(
  db: Db,
  code: string,
  provider: ProviderCode = 'yookassa',
): Promise<Tenant> {
  const merchantId = uuidv7<MerchantId>();
  const accountId = uuidv7<AccountId>();
  const keyId = uuidv7<ApiKeyId>();
  const accountCode = `${provider}-${code}`;
  await db
    .insertInto('merchants')
    .values({ id: merchantId, code, name: `Merchant ${code}` })
    .execute();
  await db
    .insertInto('accounts')
    .values({
      id: accountId,
      merchant_id: merchantId,
      code: accountCode,
      provider,
      identity: `shop-${code}`,
      identity_space: provider,
      display_name: `YooKassa ${code}`,
    })
    .execute();
  await db
    .insertInto('api_keys')
    .values({
      id: keyId,
      merchant_id: merchantId,
      name: 'test',
      sha256: Buffer.from(keyId),
      scopes: ['read', 'write'],
    })
    .execute();
  return {
    merchantId,
    accountId,
    accountCode,
    caller: (scopes = ['read', 'write']) => ({
      viewer: { merchantId, merchantCode: code, keyId, keyName: 'test', scopes: new Set(scopes) },
      requestId: 'test-request',
    }),
  };
}

/** A captured payment of 1500 roubles with its one source, unless told otherwise. */
export async function insertPayment(
  db: Db,
  tenant: Tenant,
  more: Partial<Insertable<PaymentTable>> = {},
): Promise<PaymentId> {
  const id = uuidv7<PaymentId>();
  const row = {
    id,
    merchant_id: tenant.merchantId,
    account_id: tenant.accountId,
    provider_payment_id: `provider-${id}`,
    order_reference: null,
    state: 'CAPTURED' as const,
    raw_status: 'succeeded',
    method: 'bank_card',
    currency: 'RUB',
    amount_minor: 150_000n,
    captured_minor: 150_000n,
    provider_refunded_minor: null,
    refundable_by_provider: true,
    provider_created_at: new Date(),
    captured_at: new Date(),
    hold_expires_at: null,
    refund_window_closes_at: null,
    as_of: new Date(),
    ...more,
  };
  await db.insertInto('payments').values(row).execute();
  await db
    .insertInto('payment_sources')
    .values({
      id: uuidv7(),
      merchant_id: tenant.merchantId,
      payment_id: id,
      seller: tenant.accountCode,
      captured_minor: row.captured_minor,
      platform_fee_minor: null,
    })
    .execute();
  return id;
}

/** A refund of 10 roubles with one leg and its share of the payment's source, unless told otherwise. */
export async function insertRefund(
  db: Db,
  tenant: Tenant,
  paymentId: PaymentId,
  more: Partial<Insertable<RefundTable>> = {},
  leg: Partial<Insertable<RefundLegTable>> = {},
): Promise<RefundId> {
  const id = uuidv7<RefundId>();
  const owner = { merchant_id: tenant.merchantId, account_id: tenant.accountId, payment_id: paymentId };
  const refund = {
    id,
    ...owner,
    origin: 'API' as const,
    status: 'SUCCEEDED' as const,
    currency: 'RUB',
    amount_minor: 1000n,
    reference: null,
    reason: 'OTHER' as const,
    note: null,
    metadata: '{}',
    created_by: null,
    finalized_at: null,
    ...more,
  };
  const status = leg.status ?? 'SUCCEEDED';
  const returned = { returned_minor: status === 'SUCCEEDED' ? refund.amount_minor : 0n };
  await db
    .insertInto('refunds')
    .values({ ...returned, ...refund })
    .execute();
  const row = {
    id: uuidv7<Insertable<RefundLegTable>['id']>(),
    ...owner,
    refund_id: id,
    name: 'all',
    status,
    amount_minor: refund.amount_minor,
    ...returned,
    provider_refund_id: `provider-${id}`,
    raw_status: 'succeeded',
    failure: null,
    sent_at: new Date(),
    lease_until: null,
    next_look_at: null,
    finalized_at: null,
    ...leg,
  };
  await db.insertInto('refund_legs').values(row).execute();
  const source = await db
    .selectFrom('payment_sources')
    .select('id')
    .where('payment_id', '=', paymentId)
    .orderBy('seller')
    .executeTakeFirstOrThrow();
  await db
    .insertInto('leg_sources')
    .values({
      leg_id: row.id,
      source_id: source.id,
      merchant_id: tenant.merchantId,
      amount_minor: row.amount_minor,
      platform_fee_minor: null,
    })
    .execute();
  return id;
}

/** Lines of a payment's cart, ten units of each at 10.00. */
export async function insertItems(
  db: Db,
  tenant: Tenant,
  paymentId: PaymentId,
  items: readonly string[],
): Promise<ItemId[]> {
  const rows = items.map((item, position) => ({
    id: uuidv7<ItemId>(),
    merchant_id: tenant.merchantId,
    payment_id: paymentId,
    item,
    title: item,
    position,
    sold_hundredths: 1_000n,
    sold_minor: 10_000n,
    left_hundredths: 1_000n,
    left_minor: 10_000n,
  }));
  await db.insertInto('payment_items').values(rows).execute();
  return rows.map((row) => row.id);
}

/** One unit of each of these lines, taken by the only leg of a refund; the sums of the lines stay as they are. */
export async function insertRefundItems(
  db: Db,
  tenant: Tenant,
  refundId: RefundId,
  items: readonly ItemId[],
): Promise<void> {
  const leg = await db
    .selectFrom('refund_legs')
    .select('id')
    .where('refund_id', '=', refundId)
    .executeTakeFirstOrThrow();
  const rows = items.map((itemId) => ({
    leg_id: leg.id,
    item_id: itemId,
    merchant_id: tenant.merchantId,
    refund_id: refundId,
    quantity_hundredths: 100n,
    amount_minor: 1_000n,
  }));
  await db.insertInto('refund_items').values(rows).execute();
}

/** The rules on this database with no account configured. */
export function createRowsWorld(db: Db): Promise<World> {
  const log = pino({ level: 'silent' });
  return createWorld({
    db,
    clock: systemClock,
    log,
    connections: createConnections([], allAdapters),
    background: createBackground(log),
  });
}
