import type { Capabilities } from '../../../src/providers/provider.ts';
import { SUCCEEDED, type Scenario } from '../scenario.ts';
import type { Stage } from '../stage.ts';

/** How many reads a plan may cost: pages over time, one list by payment, else single reads. */
function bound(capabilities: Capabilities, refunds: number, payments: number): number {
  const pages = capabilities.listByTime ? Math.ceil(refunds / capabilities.listPageSize) : Infinity;
  const lists = capabilities.listByPayment ? payments : Infinity;
  return Math.min(pages, lists, refunds);
}

/** Refunds that ended unseen are asked about by one query; what it cost is compared with the bound. */
async function askAboutAll(s: Stage, refunds: number, payments: number): Promise<void> {
  await s.settle('succeeded');
  const before = (await s.calls()).length;
  const all = await s.refunds(0);
  const calls = (await s.calls()).length - before;
  const limit = bound(s.adapter.capabilities, refunds, payments);
  s.see(calls <= limit ? 'within the bound' : `${calls} calls, the bound is ${limit}`);
  s.see(`${all.filter(({ status }) => status === 'SUCCEEDED').length} fresh`);
}

export const looks: readonly Scenario[] = [
  {
    name: 'a batch of 100 look-ups, each of another payment',
    proves: ['listByTime', 'listPageSize'],
    expects: {
      ends: Array<string>(100).fill(SUCCEEDED),
      seen: ['within the bound', '100 fresh'],
      effects: 100,
      sends: 100,
      returned: 'hundred parts',
    },
    async does(s) {
      await s.mode('pending');
      // Ten at a time, so that a busy machine keeps up.
      for (let made = 0; made < 100; made += 10) {
        const payments = await Promise.all(Array.from({ length: 10 }, () => s.payment()));
        await Promise.all(payments.map((payment) => s.refund(payment)));
      }
      await askAboutAll(s, 100, 100);
    },
  },
];
