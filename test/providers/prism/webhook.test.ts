import { describe, expect, test } from 'vitest';
import type { PrismCredentials } from '../../../src/providers/prism/credentials.ts';
import { credentials } from '../../../src/providers/prism/credentials.ts';
import { prismProvider } from '../../../src/providers/prism/index.ts';
import { stripe } from '../../../src/providers/stripe/index.ts';
import { buildStripeDelivery } from '../../../src/testing/stripe-delivery.ts';
import { NOW, PAYMENT_ID, REFUND_ID } from '../stripe/account.ts';
import { accessWith, messageOf, requestOf, verdictOf } from '../webhook-requests.ts';
import { fakeLibrary } from './fake-library.ts';

const given: PrismCredentials = {
  connector: 'stripe',
  apiKey: 'sk_test_SimStripePrism00000000003',
  accountId: 'acct_SimStripe000003',
  webhookSecrets: ['whsec_next', 'whsec_SimStripePrism00000000003'],
};
const told = {
  type: 'refund.updated',
  secret: 'whsec_SimStripePrism00000000003',
  refundId: REFUND_ID,
  paymentId: PAYMENT_ID,
  eventId: 'evt_1',
  at: NOW,
} as const;

/** With and without the library. */
const adapters = async () => {
  const substitute = prismProvider({ stripe }).adapterOf({}, given);
  const loaded = await prismProvider({ stripe }, () => Promise.resolve(fakeLibrary)).load!();
  const native = loaded.adapterOf({}, given);
  expect([substitute.availability?.kind, native.availability?.kind]).toEqual(['substituted', undefined]);
  return [substitute, native];
};

describe('webhooks of connector stripe', () => {
  test('are verified and read as without Prism', async () => {
    for (const { webhooks } of await adapters()) {
      const read = (more: object, now = NOW) =>
        webhooks!.read(accessWith(given, now), requestOf(buildStripeDelivery({ ...told, ...more })));
      expect(messageOf(await read({}))).toEqual({
        event: 'refund.updated',
        deduplicationKey: 'evt_1',
        subject: { providerRefundId: REFUND_ID, providerPaymentId: PAYMENT_ID, ourReference: null },
      });
      // What the library's own check takes: an old time, and only the last of several signatures.
      expect(verdictOf(await read({}, new Date(NOW.getTime() + 301_000)))).toBe('STALE');
      messageOf(await read({ secret: [told.secret, 'whsec_other'] }));
      messageOf(await read({ secret: ['whsec_other', told.secret] }));
      expect(verdictOf(await read({ secret: 'whsec_other' }))).toBe('FORGED');
      expect(verdictOf(await read({ connectedAccount: 'acct_SimStripe000001' }))).toBe('FOREIGN');
      const without = accessWith({ ...given, webhookSecrets: undefined }, NOW);
      expect(verdictOf(await webhooks!.read(without, requestOf(buildStripeDelivery(told))))).toBe(
        'NOT_CONFIGURED',
      );
    }
  });

  test.each([[[]], ['whsec_1'], [['sk_test_canary000']], [['whsec_canary\n']]])(
    'secrets such as %j are refused',
    (webhookSecrets) => {
      expect(credentials.safeParse(given).success).toBe(true);
      const read = credentials.safeParse({ ...given, webhookSecrets });
      expect(new Set(read.error?.issues.map(({ path }) => path[0]))).toEqual(new Set(['webhookSecrets']));
      expect(JSON.stringify(read.error)).not.toContain('canary');
    },
  );
});
