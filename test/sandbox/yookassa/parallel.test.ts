import { fc, test } from '@fast-check/vitest';
import { afterAll, beforeAll, describe, expect } from 'vitest';
import { formatMinor } from '../../../sandbox/money.ts';
import { type Harness, rub, startHarness } from '../harness.ts';

const CAPTURED = 10_000n;

describe('yookassa refunds in parallel', () => {
  let sandbox: Harness;
  beforeAll(async () => {
    sandbox = await startHarness({ seed: false });
  });
  afterAll(() => sandbox.close());

  const request = fc.record({
    minor: fc.bigInt({ min: 100n, max: 6_000n }),
    kind: fc.constantFrom('none', 'none', 'pending', 'slow', 'refuse'),
  });

  test.prop([fc.array(request, { minLength: 2, maxLength: 12 }), fc.boolean()], { numRuns: 40 })(
    'never exceed what was captured and never refuse what was left',
    async (requests, settleAsSucceeded) => {
      const id = await sandbox.payment({ amount: rub(formatMinor(CAPTURED, 2)) });
      for (const { kind } of requests) {
        if (kind === 'none') continue;
        const options = { slow: { ms: 5, when: 'before' }, refuse: { code: 'general_decline' }, pending: {} }[
          kind
        ];
        await sandbox.fault({ operation: 'createRefund', kind, reference: id, ...options });
      }
      const replies = await Promise.all(
        requests.map(async ({ minor }) => ({
          minor,
          reply: await sandbox.refund(id, formatMinor(minor, 2)),
        })),
      );
      const sumOf = (statuses: string[]): bigint =>
        replies
          .filter(({ reply }) => reply.status === 200 && statuses.includes(String(reply.body['status'])))
          .reduce((sum, { minor }) => sum + minor, 0n);
      const taken = sumOf(['succeeded', 'pending']);
      expect(taken).toBeLessThanOrEqual(CAPTURED);
      // Nothing was given free in between, so whoever was refused did not fit into the rest either.
      for (const { minor, reply } of replies) {
        if (reply.status !== 200) expect(minor).toBeGreaterThan(CAPTURED - taken);
      }
      const status = settleAsSucceeded ? 'succeeded' : 'canceled';
      await sandbox.control('POST', '/control/settle', { provider: 'yookassa', all: true, status });
      const inLedger = (await sandbox.ledger(id)).refunds
        .filter((refund) => refund.status === 'succeeded')
        .reduce((sum, refund) => sum + BigInt(refund.amountMinor), 0n);
      expect(inLedger).toBe(settleAsSucceeded ? taken : sumOf(['succeeded']));
      await sandbox.control('DELETE', '/control/faults');
    },
  );
});
