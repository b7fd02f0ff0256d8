import { fc } from '@fast-check/vitest';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createRefund } from '../../src/refunds/create-refund.ts';
import { lookAtDuePayments } from '../../src/refunds/look-at-payments.ts';
import { sweepAccount } from '../../src/refunds/sweep-account.ts';
import type { World } from '../../src/refunds/world.ts';
import { createElsewhereWorld, withoutReferences, type ElsewhereWorld } from '../support/made-elsewhere.ts';
import {
  armFault,
  clearFaults,
  consoleRefund,
  expectSound,
  paymentRow,
  refundCommand,
  refundRows,
} from '../support/rules.ts';

let e: ElsewhereWorld;
/** A process to which the provider never shows a reference of ours. */
let blind: World;
beforeAll(async () => {
  e = await createElsewhereWorld('bind_by_amount_property');
  blind = await e.showing(withoutReferences);
});
afterAll(() => e.t.close());

const hour = 3_600;

const steps = {
  ours: (paymentId: string) => createRefund(blind, e.t.caller(), refundCommand(paymentId, 1_000n)),
  async 'ours, never executed'(paymentId: string) {
    await armFault(e.t, 'lost-before-effect');
    await steps.ours(paymentId);
    await clearFaults(e.t);
  },
  async 'ours, its answer lost'(paymentId: string) {
    await armFault(e.t, 'lost-after-effect');
    await steps.ours(paymentId);
    await clearFaults(e.t);
  },
  // Where nothing is left the console refuses, as it should.
  elsewhere: (paymentId: string) => consoleRefund(e.t, paymentId, '10.00').catch(() => undefined),
  'half a day': () => e.t.advance(12 * hour),
  'a look': (paymentId: string) => e.see(paymentId, blind),
  'a look that sees references': (paymentId: string) => e.see(paymentId),
  async 'a round'() {
    await sweepAccount(blind, e.connection(blind));
    await lookAtDuePayments(blind, e.connection(blind));
  },
  'a verdict': decideOldest,
} as const;
const names = Object.keys(steps) as (keyof typeof steps)[];

/** A person says of the oldest unclear refund what the provider's books say, without naming an id. */
async function decideOldest(paymentId: string): Promise<boolean> {
  const rows = await refundRows(e.t, paymentId);
  const open = rows.find(({ status }) => ['UNKNOWN', 'MANUAL_REVIEW'].includes(status));
  if (open === undefined) return false;
  const { refunds } = await e.t.ledgerOf(paymentId);
  const isMade = refunds.some((made) => open.attempts.some((own) => own.provider_key === made.providerKey));
  await e.decide(open.id, isMade ? 'SUCCEEDED' : 'FAILED');
  await e.see(paymentId, blind);
  return true;
}

test('whatever is lost, made elsewhere and looked at: no money counts twice, and in the end ours is the provider’s', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.constantFrom(...names), { minLength: 3, maxLength: 9 }),
      async (sequence) => {
        const { t } = e;
        const paymentId = await t.payment('60.00');
        await e.see(paymentId);
        for (const name of sequence) {
          await steps[name](paymentId);
          await expectSound(t, paymentId, { quiet: false });
        }
        await t.advance(48 * hour);
        await e.see(paymentId, blind);
        await expectSound(t, paymentId, { quiet: false });
        while (await decideOldest(paymentId)) await expectSound(t, paymentId, { quiet: false });
        await expectSound(t, paymentId);
        const payment = await paymentRow(t, paymentId);
        expect(payment).toMatchObject({ unbound_minor: 0n, reserved_minor: 0n, overcommitted: false });
      },
    ),
    { numRuns: 20 },
  );
}, 120_000);
