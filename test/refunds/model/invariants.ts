import { expect } from 'vitest';
import type { PaymentId } from '../../../src/ids.ts';
import { isFinalRefund } from '../../../src/refunds/derive.ts';
import { expectSound } from '../../support/rules.ts';
import { expectTruthful } from '../../support/truth.ts';
import type { Model, ModelPayment } from './model.ts';
import type { System } from './system.ts';

/** I1 to I7, rule 4, and that no promise to a caller was broken, over everything of the run. */
export async function expectInvariants(model: Model, system: System): Promise<void> {
  const { t } = system;
  expect(
    system.all.flatMap(({ errors }) => errors),
    'no error is logged that is not an alert',
  ).toEqual([]);
  const payments = await seenPayments(model, system);
  await Promise.all([
    ...payments.flatMap((payment) => [
      expectSound(t, payment.paymentId, { quiet: false }),
      expectTruthful(t, payment.paymentId, model.verdicts),
      expectCapturedTruly(system, payment),
      expectVoidsScheduled(system, payment),
    ]),
    expectKeysKept(model, system),
    expectToldKept(model, system),
    expectNoHastyImport(model, system),
  ]);
}

/** The payments that the service has a row of. */
export async function seenPayments(
  model: Model,
  { t }: System,
): Promise<(ModelPayment & { readonly id: PaymentId })[]> {
  const rows = await t.database.db
    .selectFrom('payments')
    .select(['id', 'provider_payment_id'])
    .where(
      'provider_payment_id',
      'in',
      model.payments.map(({ paymentId }) => paymentId),
    )
    .execute();
  return model.payments.flatMap((payment) => {
    const row = rows.find(({ provider_payment_id }) => provider_payment_id === payment.paymentId);
    return row === undefined ? [] : [{ ...payment, id: row.id }];
  });
}

/** What is counted as captured is what was captured: no fault and no refund changes that. */
async function expectCapturedTruly(
  { t }: System,
  payment: ModelPayment & { readonly id: PaymentId },
): Promise<void> {
  const row = await t.database.db
    .selectFrom('payments')
    .select('captured_minor')
    .where('id', '=', payment.id)
    .executeTakeFirstOrThrow();
  const truth = payment.kind === 'hold' ? 0n : payment.amountMinor;
  // While a status word is not known, the payment counts as not captured yet.
  expect([0n, truth], 'captured').toContain(row.captured_minor);
}

/** I7 of what is no leg: a release of a hold that has not ended is looked at again. */
async function expectVoidsScheduled(
  { t }: System,
  payment: ModelPayment & { readonly id: PaymentId },
): Promise<void> {
  const forgotten = await t.database.db
    .selectFrom('payment_operations')
    .select('status')
    .where('payment_id', '=', payment.id)
    .where('status', 'in', ['SENDING', 'UNKNOWN'])
    .where('next_look_at', 'is', null)
    .execute();
  expect(forgotten, 'I7 of a release').toEqual([]);
}

/** MONEY section 5: while the name of a sent leg is not known, what is nobody's may be its own, and is not imported. */
async function expectNoHastyImport(model: Model, { t }: System): Promise<void> {
  const legs = await t.database.db
    .selectFrom('refund_legs')
    .innerJoin('payments', 'payments.id', 'refund_legs.payment_id')
    .select(['refund_legs.id', 'payment_id', 'status', 'name', 'provider_refund_id'])
    .where(
      'provider_payment_id',
      'in',
      model.payments.map(({ paymentId }) => paymentId),
    )
    .execute();
  const nameless = legs.filter(
    ({ status, provider_refund_id }) =>
      ['SENDING', 'UNKNOWN', 'MANUAL_REVIEW'].includes(status) && provider_refund_id === null,
  );
  const stillNameless = nameless.filter(({ id }) => model.nameless.has(id)).map((leg) => leg.payment_id);
  const imported = legs.filter(({ id, name }) => name.startsWith('external:') && !model.imported.has(id));
  for (const leg of imported)
    expect(stillNameless, 'imported while a sent leg had no name').not.toContain(leg.payment_id);
  model.nameless = new Set(nameless.map(({ id }) => id));
  for (const { id } of imported) model.imported.add(id);
}

/** I4: each key is what it was, a refused one is nothing, and there is no refund of ours without a key. */
async function expectKeysKept(model: Model, { t, caller }: System): Promise<void> {
  const { db } = t.database;
  const keys = [...model.refunds.keys(), ...model.voids.keys(), ...model.refused];
  if (keys.length === 0) return;
  const rows = await db
    .selectFrom('idempotency')
    .select(['key', 'refund_id', 'operation_id'])
    .where('merchant_id', '=', caller.viewer.merchantId)
    .where('key', 'in', keys)
    .execute();
  const refundOf = new Map(rows.map(({ key, refund_id }) => [key, refund_id]));
  for (const [key, promise] of model.refunds) {
    if (promise.refundId === null) promise.refundId = refundOf.get(key) ?? null;
    else expect(refundOf.get(key), `I4: key ${key}`).toBe(promise.refundId);
  }
  for (const key of model.refused)
    expect(refundOf.has(key), `a refused key ${key} is remembered`).toBe(false);
  for (const key of model.voids.keys())
    expect(refundOf.get(key) ?? null, `the key ${key} of a void is no refund`).toBeNull();
  const ours = await db
    .selectFrom('refunds')
    .innerJoin('payments', 'payments.id', 'refunds.payment_id')
    .select('refunds.id')
    .where('refunds.origin', '=', 'API')
    .where(
      'provider_payment_id',
      'in',
      model.payments.map(({ paymentId }) => paymentId),
    )
    .execute();
  const promised = [...model.refunds.values()].flatMap(({ refundId }) => refundId ?? []);
  expect(ours.map(({ id }) => id).toSorted(), 'I4: a refund for each key, and no other').toEqual(
    promised.toSorted(),
  );
}

/** What was final stays, unless it was retried; versions and retries only grow. */
async function expectToldKept(model: Model, { t }: System): Promise<void> {
  const rows = await t.database.db
    .selectFrom('refunds')
    .innerJoin('payments', 'payments.id', 'refunds.payment_id')
    .select(['refunds.id', 'refunds.status', 'refunds.version', 'refunds.retries', 'refunds.origin'])
    .where(
      'provider_payment_id',
      'in',
      model.payments.map(({ paymentId }) => paymentId),
    )
    .execute();
  for (const { id, status, version, retries, origin } of rows) {
    const before = model.told.get(id);
    model.told.set(id, { status, version, retries });
    if (before === undefined) continue;
    expect(version, 'versions grow').toBeGreaterThanOrEqual(before.version);
    expect(retries, 'retries grow').toBeGreaterThanOrEqual(before.retries);
    if (before.status === status) continue;
    expect(version, 'a new status has a new version').toBeGreaterThan(before.version);
    if (!isFinalRefund(before.status) || retries > before.retries) continue;
    // What seemed to be made elsewhere may turn out to be ours.
    if (origin === 'EXTERNAL' && status === 'CANCELED') continue;
    expect(status, `a final refund moved from ${before.status}`).toBe(before.status);
  }
}
