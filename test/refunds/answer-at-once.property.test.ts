import fc from 'fast-check';
import { sql } from 'kysely';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { connectDatabase, type ConnectedDatabase } from '../../src/db/connect.ts';
import { updateUnbound } from '../../src/db/payments.ts';
import { upsertProviderRefund } from '../../src/db/provider-refunds.ts';
import type { Database } from '../../src/db/tables.ts';
import type { RefundId } from '../../src/ids.ts';
import type { ProviderAdapter, RefundFacts, SendOutcome } from '../../src/providers/provider.ts';
import { cancelRefund } from '../../src/refunds/cancel-refund.ts';
import { expireLeasesOf } from '../../src/refunds/claim.ts';
import { createRefund, type CreateRefundCommand } from '../../src/refunds/create-refund.ts';
import type { World } from '../../src/refunds/world.ts';
import { holdPayment, untilOutcomeIsStored } from '../support/busy-payment.ts';
import { paymentRow, refundCommand, refundRows, valueOf } from '../support/rules.ts';
import { silentLog } from '../support/silent-log.ts';
import { createTestWorld, type TestWorld } from '../support/world.ts';

let t: TestWorld;
let database: ConnectedDatabase<Database>;
/** A process whose statements are heard. */
let world: World;
const heard: string[] = [];
type Order = Parameters<ProviderAdapter['sendRefund']>[2];
/** What each payment's provider does with its sends, one after the other. */
const providers = new Map<string, (order: Order) => Promise<SendOutcome>>();
beforeAll(async () => {
  t = await createTestWorld('answer_at_once');
  const onQuery = (text: string) => heard.push(text);
  database = connectDatabase<Database>({ config: t.database.config, log: silentLog, onQuery });
  world = await t.replica({
    db: database.db,
    adapter: { sendRefund: (_access, _request, order) => providers.get(order.providerPaymentId)!(order) },
  });
});
afterAll(async () => {
  await t.close();
  await database.close();
});

const answers = [
  'PENDING',
  'SUCCEEDED',
  'FAILED',
  'CANCELED',
  'UNRECOGNISED',
  'another amount',
  'another currency',
  'refused',
  'deferred',
  'not-sent',
  'unknown',
] as const;
type Answer = (typeof answers)[number];

/** What happens between the call and its answer. */
const situations = [
  'nothing',
  'another refund waits',
  'a mark for a person',
  'the payment is read',
  'the lease ends',
  'it was sent again',
  'the sum is broken',
  'something is nobody’s',
  'the provider refund is known',
  'the leg is named',
  'the other part is canceled',
] as const;
type Situation = (typeof situations)[number];

interface Case {
  readonly sellers: 1 | 2;
  readonly first: Answer;
  readonly later: Answer;
  readonly situation: Situation;
}

const cases: fc.Arbitrary<Case> = fc.record({
  sellers: fc.constantFrom(1, 2),
  // What is usual is asked for more often.
  first: fc.oneof(fc.constantFrom('PENDING', 'SUCCEEDED', 'refused'), fc.constantFrom(...answers)),
  later: fc.constantFrom(...answers),
  situation: fc.oneof(fc.constantFrom(...situations.slice(0, 4)), fc.constantFrom(...situations)),
});

const isUsualAnswer = (answer: Answer) => ['PENDING', 'SUCCEEDED', 'refused'].includes(answer);

/** Whether one statement records each answer. */
function isUsual({ sellers, first, later, situation }: Case): boolean {
  if (!isUsualAnswer(first)) return false;
  const isSecondSent = sellers === 2 || situation === 'another refund waits';
  if (isSecondSent && !isUsualAnswer(later)) return false;
  if (situation === 'the provider refund is known') return first === 'refused';
  if (situation === 'the other part is canceled') return sellers === 1;
  return situations.indexOf(situation) < 4;
}

const failure = { code: 'INSUFFICIENT_FUNDS', message: 'No.', retry: 'NEVER', providerCode: 'no' } as const;

function outcomeOf(answer: Answer, facts: RefundFacts): SendOutcome {
  const accepted = (more: Partial<RefundFacts>): SendOutcome => ({
    kind: 'accepted',
    refund: { ...facts, ...more },
    evidence: { httpStatus: 200 },
  });
  switch (answer) {
    case 'another amount':
      return accepted({ amount: { ...facts.amount, minor: facts.amount.minor + 1n } });
    case 'another currency':
      return accepted({ amount: { ...facts.amount, currency: 'USD' as typeof facts.amount.currency } });
    case 'FAILED':
      return accepted({ status: answer, failure });
    case 'PENDING':
    case 'SUCCEEDED':
    case 'CANCELED':
    case 'UNRECOGNISED':
      return accepted({ status: answer, rawStatus: answer.toLowerCase() });
    case 'deferred':
      return { kind: answer, failure, retryAfterMs: null, evidence: {} };
    default:
      return { kind: answer, failure, evidence: { httpStatus: 400 } };
  }
}

/** Of a payment of several sellers, what each of them gives back, in minor units. */
const wishOf = (
  sellers: 1 | 2,
  shares: readonly (readonly [string, bigint])[],
): Partial<CreateRefundCommand> =>
  sellers === 1
    ? {}
    : {
        feeBearer: 'SELLER',
        amount: {
          kind: 'sources',
          sources: shares.map(([seller, minor]) => ({
            seller,
            amount: { minor, currency: 'RUB' },
            platformFee: null,
          })),
        },
      };

/** Lets happen what the case says, to the refund that is being sent. */
async function play({ situation, sellers }: Case, paymentId: string, facts: RefundFacts): Promise<void> {
  const { db } = t.database;
  const payment = await paymentRow(t, paymentId);
  const owner = { merchantId: payment.merchant_id, accountId: payment.account_id, paymentId: payment.id };
  const ofPayment = db.updateTable('payments').where('id', '=', payment.id);
  const legs = await db
    .selectFrom('refund_legs')
    .selectAll()
    .where('payment_id', '=', payment.id)
    .orderBy('status', 'desc')
    .execute();
  const leg = legs.find(({ status }) => status === 'SENDING')!;
  const ofLeg = db.updateTable('refund_legs').where('id', '=', leg.id);
  switch (situation) {
    case 'nothing':
      return;
    case 'another refund waits': {
      const command = refundCommand(paymentId, 1_000n, wishOf(sellers, [['200602', 1_000n]]));
      valueOf(await createRefund(world, t.caller(), { ...command, waitMs: 0 }));
      return;
    }
    case 'a mark for a person':
      await db
        .updateTable('refunds')
        .set({ attention: 'ACCOUNT_PAUSED', attention_since: sql<Date>`app_now()` })
        .where('id', '=', leg.refund_id)
        .execute();
      return;
    case 'the payment is read':
      await ofPayment.set({ version: sql<number>`version + 1` }).execute();
      return;
    case 'the lease ends':
      await ofLeg.set({ lease_until: sql<Date>`app_now() - interval '1 second'` }).execute();
      await expireLeasesOf(world, payment.merchant_id, payment.id);
      return;
    case 'it was sent again':
      await db
        .updateTable('leg_attempts')
        .set({ sends: sql<number>`sends + 1` })
        .where('leg_id', '=', leg.id)
        .execute();
      return;
    case 'the sum is broken':
      await ofPayment.set({ captured_minor: 100n, overcommitted: true }).execute();
      return;
    case 'something is nobody’s':
      await upsertProviderRefund(
        db,
        owner,
        { ...facts, providerRefundId: `x-${paymentId}` },
        null,
        new Date(),
      );
      await updateUnbound(db, payment.id);
      return;
    case 'the provider refund is known':
      await upsertProviderRefund(db, owner, { ...facts, status: 'FAILED' }, null, new Date());
      return;
    case 'the leg is named':
      await ofLeg.set({ provider_refund_id: `x-${paymentId}` }).execute();
      return;
    case 'the other part is canceled':
      await cancelRefund(world, t.caller(), { refundId: leg.refund_id });
  }
}

/** Makes a refund, answered as the case says; `isHeld` keeps the payment's lock from everybody who answers. */
async function refundOnce(of: Case, isHeld: boolean): Promise<string> {
  const split = [
    { account: '200601', value: '900.00', fee: '90.00' },
    { account: '200602', value: '600.00', fee: '60.00' },
  ].map(({ account, value, fee }) => ({
    account,
    amount: { value, currency: 'RUB' },
    platformFee: { value: fee, currency: 'RUB' },
  }));
  const paymentId = await t.payment('1500.00', of.sellers === 2 ? { sources: split } : {});
  const troubles: unknown[] = [];
  let sends = 0;
  providers.set(paymentId, async ({ amount }) => {
    sends += 1;
    const facts: RefundFacts = {
      providerRefundId: `made-${sends}-${paymentId}`,
      providerPaymentId: paymentId,
      status: 'SUCCEEDED',
      rawStatus: 'succeeded',
      amount,
      failure: null,
      ourReference: null,
      createdAt: new Date(),
      traceReferences: [{ kind: 'RRN', value: '123456789012' }],
      sources: [],
      providerDetails: { batch: 'one' },
    };
    const answer = sends === 1 ? of.first : of.later;
    if (sends === 1) await play(of, paymentId, facts).catch((error: unknown) => troubles.push(error));
    if (isHeld) await holdPayment(t.database.db, paymentId, untilOutcomeIsStored(paymentId));
    return outcomeOf(answer, facts);
  });
  const wish = wishOf(of.sellers, [
    ['200601', 20_000n],
    ['200602', 10_000n],
  ]);
  const command = refundCommand(paymentId, 40_000n, wish);
  const { refundId } = valueOf(await createRefund(world, t.caller(), command));
  expect(troubles).toEqual([]);
  await untilQuiet(paymentId, refundId);
  return paymentId;
}

/** What waits behind a leg is sent in the background. */
async function untilQuiet(paymentId: string, first: RefundId): Promise<void> {
  const listBusy = async () =>
    (await refundRows(t, paymentId)).flatMap(({ id, legs }) =>
      legs.filter(
        ({ status, sent_at }) =>
          status === 'SENDING' || (status === 'QUEUED' && sent_at === null && id !== first),
      ),
    );
  await expect.poll(listBusy, { timeout: 20_000, interval: 5 }).toEqual([]);
}

const without = (row: object, ...names: string[]): object =>
  Object.fromEntries(Object.entries(row).filter(([name]) => !names.includes(name)));

/** All rows of a payment, without what differs from one payment to another: ids, and the moments of things. */
async function rowsOf(paymentId: string): Promise<unknown> {
  const { db } = t.database;
  const payment = await paymentRow(t, paymentId);
  const refunds = await refundRows(t, paymentId);
  const ids = refunds.flatMap(({ legs }) => legs.map(({ id }) => id));
  const rows = {
    payment,
    sources: await db
      .selectFrom('payment_sources')
      .selectAll()
      .where('payment_id', '=', payment.id)
      .orderBy('seller')
      .execute(),
    refunds: refunds.map(({ legs, attempts, ...refund }) => ({
      ...without(refund, 'change_xid', 'change_seq'),
      legs: legs
        .toSorted((one, other) => one.name.localeCompare(other.name))
        .map(({ next_look_at, updated_at, ...leg }) => ({
          ...leg,
          attempts: attempts.filter(({ leg_id }) => leg_id === leg.id),
          nextLookInSeconds:
            next_look_at && Math.round((next_look_at.getTime() - updated_at.getTime()) / 5_000) * 5,
        })),
    })),
    seen: await db
      .selectFrom('provider_refunds')
      .selectAll()
      .where('payment_id', '=', payment.id)
      .orderBy('provider_refund_id')
      .execute(),
    events: (
      await db.selectFrom('events').selectAll().where('payment_id', '=', payment.id).orderBy('id').execute()
    ).map((event) => without(event, 'id')),
    shares: await db.selectFrom('leg_sources').selectAll().where('leg_id', 'in', ids).execute(),
  };
  const names = new Map<string, string>([[paymentId, 'the payment']]);
  const text = JSON.stringify(rows, (_key, value: unknown) =>
    typeof value === 'bigint' ? `${value}` : value,
  );
  const plain = text
    .replaceAll(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, 'then')
    .replaceAll(/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|[0-9a-f]{40}/g, (name) => {
      if (!names.has(name)) names.set(name, `#${names.size}`);
      return names.get(name)!;
    });
  return JSON.parse(plain);
}

const twoSteps = () => heard.filter((text) => text.startsWith('UPDATE leg_attempts')).length;

async function expectTheSame(of: Case): Promise<void> {
  heard.length = 0;
  const atOnce = await refundOnce(of, false);
  const stepsAtOnce = twoSteps();
  const inSteps = await refundOnce(of, true);
  expect(await rowsOf(atOnce)).toEqual(await rowsOf(inSteps));
  expect(twoSteps()).toBeGreaterThan(stepsAtOnce);
  expect({ of, isOneStatement: stepsAtOnce === 0 }).toEqual({ of, isOneStatement: isUsual(of) });
}

test.each(situations)('one statement writes what two steps write, or nothing: %s', async (situation) => {
  for (const first of ['SUCCEEDED', 'PENDING', 'refused'] as const)
    for (const sellers of [1, 2] as const)
      await expectTheSame({ sellers, first, later: 'SUCCEEDED', situation });
});

test('one statement writes what two steps write, or nothing', async () => {
  await fc.assert(fc.asyncProperty(cases, expectTheSame), { numRuns: 40 });
});
