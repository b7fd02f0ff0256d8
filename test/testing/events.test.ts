import { Webhook } from 'standardwebhooks';
import { expect, test } from 'vitest';
import { renderBody, type RefundSnapshot } from '../../src/events/payload.ts';
import { buildEvent } from '../../src/testing/events.ts';

const secretOf = (fill: number) => `whsec_${Buffer.alloc(32, fill).toString('base64')}`;

const snapshot: RefundSnapshot = {
  id: '01a203bc-ad47-7290-a4c4-1f8919849bcf',
  version: 2,
  status: 'SUCCEEDED',
  previousStatus: 'PENDING',
  currency: 'RUB',
  amountMinor: '40000',
  returnedMinor: '40000',
  reference: null,
  metadata: {},
  origin: 'API',
  needsAttention: false,
  createdAt: '2026-11-22T10:00:00+00:00',
  updatedAt: '2026-11-22T10:00:00+00:00',
  finalizedAt: '2026-11-22T10:00:00+00:00',
  legs: [{ status: 'SUCCEEDED', amountMinor: '40000', returnedMinor: '40000' }],
  payment: {
    id: '01a203bc-ad30-7d5a-9c1e-5b8c7a3f0d21',
    accountCode: 'yookassa-demo',
    providerPaymentId: '2f0c0000-000f-5000-8000-000000000001',
  },
};

test('a built event is to the byte what the service makes of such a refund', () => {
  const at = new Date('2026-11-22T10:00:00Z');
  const { body } = buildEvent({ type: 'refund.finalized', secret: secretOf(1), at });
  expect(body).toBe(renderBody({ type: 'refund.finalized', at, data: snapshot }));
});

test.each([
  ['refund.created', { status: 'PENDING', version: 1, isFinal: false, moneyMovement: 'IN_FLIGHT' }],
  ['refund.updated', { status: 'UNKNOWN', isFinal: false, finalizedAt: null }],
  ['refund.finalized', { status: 'SUCCEEDED', isFinal: true, moneyMovement: 'RETURNED' }],
] as const)('%s is verified by a library of the specification, with every secret', (type, refund) => {
  const secrets = [secretOf(1), secretOf(2)];
  const { headers, body } = buildEvent({ type, secret: secrets, refund: { reference: 'order-1' } });
  for (const secret of secrets)
    expect(new Webhook(secret).verify(body, headers)).toMatchObject({
      type,
      data: { refund: { ...refund, reference: 'order-1' } },
    });
  expect(() => new Webhook(secretOf(3)).verify(body, headers)).toThrow('No matching signature');
});

test('an alert is verified, too, and an old event is not taken', () => {
  const secret = secretOf(1);
  const alert = { type: 'alert.raised', code: 'PAYMENT_MISMATCH', secret, id: 'msg_1' } as const;
  const { headers, body } = buildEvent(alert);
  expect(headers['webhook-id']).toBe('msg_1');
  expect(new Webhook(secret).verify(body, headers)).toMatchObject({ data: { code: 'PAYMENT_MISMATCH' } });
  const old = buildEvent({ ...alert, at: new Date(Date.now() - 600_000) });
  expect(() => new Webhook(secret).verify(old.body, old.headers)).toThrow('too old');
});
