import { describe, expect, it } from 'vitest';
import type { DueDelivery } from '../../src/db/webhook-deliveries.ts';
import type { WebhookDeliveryId } from '../../src/ids.ts';
import { inTheirOrder, isOvertaken, toldEnd } from '../../src/refunds/webhooks/told-facts.ts';

const told = (status: 'SUCCEEDED' | 'FAILED' | 'UNRECOGNISED', second: number, more = {}): DueDelivery => ({
  id: `${status} ${second}` as WebhookDeliveryId,
  event: 'REFUND',
  providerRefundId: 'R1',
  providerPaymentId: 'P1',
  ourReference: null,
  evidence: {
    status,
    rawStatus: 'REFUND:true',
    amount: { minor: '4000', currency: 'EUR' },
    at: new Date(second * 1_000).toISOString(),
  },
  times: 1,
  lookFailures: 0,
  claimedUntil: new Date(0),
  ...more,
});

describe('messages about one refund', () => {
  it('are in the order of their own time, at one instant the failure last', () => {
    const order = ['SUCCEEDED 1', 'FAILED 2', 'SUCCEEDED 3', 'FAILED 3'];
    const messages = [told('FAILED', 3), told('SUCCEEDED', 3), told('FAILED', 2), told('SUCCEEDED', 1)];
    expect(inTheirOrder(messages).map(({ id }) => id)).toEqual(order);
    expect(inTheirOrder(messages.toReversed()).map(({ id }) => id)).toEqual(order);
  });

  it.each([
    ['the first one', 'SUCCEEDED', 1, null, 'PENDING', false],
    ['a later one', 'SUCCEEDED', 2, 1, 'FAILED', false],
    ['an earlier one', 'FAILED', 1, 2, 'SUCCEEDED', true],
    ['a success of one instant with a failure', 'SUCCEEDED', 1, 1, 'FAILED', true],
    ['a failure of one instant with a success', 'FAILED', 1, 1, 'SUCCEEDED', false],
    ['the same again', 'FAILED', 1, 1, 'FAILED', true],
  ] as const)('%s counts, or is overtaken', (_name, status, second, knownSecond, known, isPast) => {
    const row = { status: known, told_at: knownSecond === null ? null : new Date(knownSecond * 1_000) };
    expect(isOvertaken(toldEnd(told(status, second))!, row)).toBe(isPast);
  });

  it('say nothing without a known word, an amount or what they are about', () => {
    const { evidence } = told('FAILED', 1);
    expect(isOvertaken(toldEnd(told('FAILED', 1))!, undefined)).toBe(false);
    expect(toldEnd(told('UNRECOGNISED', 1))).toBeUndefined();
    expect(toldEnd(told('FAILED', 1, { evidence: { ...evidence, amount: null } }))).toBeUndefined();
    for (const name of ['providerRefundId', 'providerPaymentId', 'evidence'])
      expect(toldEnd(told('FAILED', 1, { [name]: null }))).toBeUndefined();
  });

  it('are never of a refund without a reference, which could be matched by its amount', () => {
    expect(toldEnd(told('SUCCEEDED', 1))?.facts).toMatchObject({
      ourReference: '',
      amount: { minor: 4_000n, currency: 'EUR' },
      failure: null,
    });
    expect(toldEnd(told('FAILED', 1))?.facts.failure).toMatchObject({ providerCode: 'REFUND:true' });
  });
});
