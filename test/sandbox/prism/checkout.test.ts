import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Json } from '../harness.ts';
import { type PrismHarness, startPrism } from './harness.ts';

let sandbox: PrismHarness;

beforeAll(async () => {
  sandbox = await startPrism();
});
afterAll(() => sandbox.close());

const actionsOf = async (id: string): Promise<Json[]> =>
  (await sandbox.checkout('GET', `/payments/${id}/actions`)).body as unknown as Json[];

const codesOf = ({ body }: { body: Json }): unknown => body['error_codes'];

describe('a refund at checkout', () => {
  it('is accepted with 202, and its action tells the outcome', async () => {
    const id = await sandbox.checkoutPayment();
    const { status, body } = await sandbox.checkoutRefund(id, 4_000);
    expect(status).toBe(202);
    expect(body).toMatchObject({ action_id: expect.stringMatching(/^act_[a-z0-9]{26}$/), reference: 'r1' });
    const [newest] = await actionsOf(id);
    expect(newest).toMatchObject({
      id: body['action_id'],
      type: 'Refund',
      amount: 4_000,
      approved: true,
      reference: 'r1',
    });
  });

  it('has no verdict while it is pending; settle gives it', async () => {
    const id = await sandbox.checkoutPayment();
    await sandbox.mode({ refunds: 'pending' });
    const ids = [await sandbox.checkoutRefund(id, 4_000), await sandbox.checkoutRefund(id, 1_000)];
    await sandbox.mode({ refunds: 'instant' });
    const approvals = async () => (await actionsOf(id)).slice(0, 2).map(({ approved }) => approved);
    expect(await approvals()).toEqual([undefined, undefined]);
    await sandbox.settle({ refundId: ids[0]?.body['action_id'], status: 'succeeded' });
    await sandbox.settle({ refundId: ids[1]?.body['action_id'], status: 'failed' });
    expect(await approvals()).toEqual([false, true]);
    expect((await sandbox.ledger(id)).refunds).toMatchObject([{ status: 'succeeded' }, { status: 'failed' }]);
  });

  it('is made again by every repetition: there is no key', async () => {
    const id = await sandbox.checkoutPayment();
    await sandbox.checkoutRefund(id, 4_000);
    await sandbox.checkoutRefund(id, 4_000);
    expect((await sandbox.ledger(id)).refunds).toHaveLength(2);
  });

  it('of more than is left is refused, pending refunds counted', async () => {
    const id = await sandbox.checkoutPayment();
    await sandbox.fault({ operation: 'createRefund', kind: 'pending' });
    await sandbox.checkoutRefund(id, 10_000);
    const reply = await sandbox.checkoutRefund(id, 5_001);
    expect([reply.status, codesOf(reply)]).toEqual([422, ['refund_amount_exceeds_balance']]);
    expect(reply.body).toMatchObject({ request_id: expect.any(String), error_type: expect.any(String) });
    expect((await sandbox.checkoutRefund(id, 5_000)).status).toBe(202);
  });

  it('never gives back more than was paid, however many ask at once', async () => {
    const id = await sandbox.checkoutPayment();
    const replies = await Promise.all(Array.from({ length: 20 }, () => sandbox.checkoutRefund(id, 4_000)));
    expect(replies.filter(({ status }) => status === 202)).toHaveLength(3);
  });

  it('without an amount takes what is left', async () => {
    const id = await sandbox.checkoutPayment();
    await sandbox.checkoutRefund(id, 4_000);
    await sandbox.checkoutRefund(id, undefined);
    expect((await sandbox.ledger(id)).refunds).toMatchObject([
      { amountMinor: '4000' },
      { amountMinor: '11000' },
    ]);
    expect(codesOf(await sandbox.checkoutRefund(id, undefined))).toEqual(['refund_amount_exceeds_balance']);
  });

  it.each([[0], [-5], [1.5], ['500']])('of %j is refused', async (amount) => {
    const id = await sandbox.checkoutPayment();
    expect((await sandbox.checkoutRefund(id, amount)).status).toBe(422);
    expect((await sandbox.ledger(id)).refunds).toEqual([]);
  });

  it('of a hold is not allowed', async () => {
    const id = await sandbox.checkoutPayment({ status: 'authorized' });
    const reply = await sandbox.checkoutRefund(id, 100);
    expect([reply.status, codesOf(reply)]).toEqual([403, ['refund_not_allowed']]);
  });

  it('of an unknown or another merchant’s payment is a bare 404', async () => {
    const foreign = await sandbox.checkoutPayment({ account: 'prism-other' });
    const adyen = await sandbox.adyenPayment();
    for (const id of ['pay_unknown0000000000000000000', foreign, adyen]) {
      expect(await sandbox.checkoutRefund(id, 100)).toMatchObject({ status: 404, text: '' });
    }
  });

  it('needs the secret key', async () => {
    const id = await sandbox.checkoutPayment();
    for (const secret of [null, 'pk_sbox_simdemo', 'sk_sbox_simother1']) {
      const reply = await sandbox.checkout('POST', `/payments/${id}/refunds`, {
        secret,
        body: { amount: 1 },
      });
      expect(reply).toMatchObject({ status: 401, text: '' });
    }
    expect((await sandbox.ledger(id)).refunds).toEqual([]);
  });
});

describe('a payment at checkout', () => {
  const read = async (id: string): Promise<Json> => (await sandbox.checkout('GET', `/payments/${id}`)).body;

  it('shows its status and balances', async () => {
    const id = await sandbox.checkoutPayment();
    expect(await read(id)).toMatchObject({
      id,
      amount: 15_000,
      currency: 'EUR',
      status: 'Captured',
      balances: { total_captured: 15_000, total_refunded: 0, available_to_refund: 15_000 },
      _links: {},
    });
    await sandbox.checkoutRefund(id, 5_000);
    expect(await read(id)).toMatchObject({
      status: 'Partially Refunded',
      balances: { total_refunded: 5_000, available_to_refund: 10_000 },
    });
    await sandbox.checkoutRefund(id, 10_000);
    expect(await read(id)).toMatchObject({ status: 'Refunded', balances: { available_to_refund: 0 } });
  });

  it('counts pending refunds in its balances as the mode says', async () => {
    const id = await sandbox.checkoutPayment();
    await sandbox.fault({ operation: 'createRefund', kind: 'pending' });
    await sandbox.checkoutRefund(id, 5_000);
    expect(await read(id)).toMatchObject({ balances: { total_refunded: 5_000 } });
    await sandbox.mode({ checkoutCountPending: false });
    expect(await read(id)).toMatchObject({ balances: { total_refunded: 0, available_to_refund: 10_000 } });
    await sandbox.mode({ checkoutCountPending: true });
  });

  it('can be captured in part; the rest was released', async () => {
    const id = await sandbox.checkoutPayment({ captured: { value: '100.00', currency: 'EUR' } });
    expect(await read(id)).toMatchObject({
      status: 'Partially Captured',
      balances: { total_captured: 10_000 },
    });
    expect(await sandbox.ledger(id)).toMatchObject({ capturedMinor: '10000', releasedMinor: '5000' });
    expect((await sandbox.checkoutRefund(id, 10_001)).status).toBe(422);
  });

  it('is voided while it is a hold, and not afterwards', async () => {
    const id = await sandbox.checkoutPayment({ status: 'authorized' });
    expect(await read(id)).toMatchObject({ status: 'Authorized', balances: { available_to_void: 15_000 } });
    const void_ = () => sandbox.checkout('POST', `/payments/${id}/voids`, { body: { reference: id } });
    const { status, body } = await void_();
    expect([status, body['reference']]).toEqual([202, id]);
    expect(await read(id)).toMatchObject({ status: 'Voided', balances: { total_voided: 15_000 } });
    expect(await actionsOf(id)).toMatchObject([
      { id: body['action_id'], type: 'Void', approved: true },
      { type: 'Authorization' },
    ]);
    expect(codesOf(await void_())).toEqual(['void_not_allowed']);
    expect(await sandbox.ledger(id)).toMatchObject({ voided: true, releasedMinor: '15000' });
  });

  it('shows in its actions only what Prism can read', async () => {
    const id = await sandbox.checkoutPayment();
    await sandbox.checkoutRefund(id, 1);
    const actions = await actionsOf(id);
    expect(actions.map(({ type }) => type)).toEqual(['Refund', 'Capture', 'Authorization']);
    for (const { id: action, amount } of actions) {
      expect(action).toMatch(/^act_/);
      expect(amount).toEqual(expect.any(Number));
    }
  });
});
