import fc from 'fast-check';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { claimDeliveries } from '../../src/db/event-deliveries.ts';
import type { RefundId } from '../../src/ids.ts';
import type { Answer } from '../support/event-receiver.ts';
import { endpointOf, openStage, type Stage } from './stage.ts';

let s: Stage;
beforeAll(async () => {
  s = await openStage('events_order');
});
afterAll(() => s.close());
afterEach(() => s.clear());

const answer = fc.constantFrom(
  'accepts',
  'accepts',
  'accepts',
  'refuses',
  'resets',
  'accepts and resets',
  'is busy',
);
const which = fc.nat({ max: 2 });
const step = fc.oneof(
  { weight: 4, arbitrary: fc.record({ do: fc.constant('change' as const), which }) },
  {
    weight: 4,
    arbitrary: fc.record({ do: fc.constant('deliver' as const), workers: fc.integer({ min: 1, max: 3 }) }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant('pass' as const), seconds: fc.constantFrom(1, 6, 61, 400) }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant('die' as const), claims: fc.integer({ min: 1, max: 4 }) }),
  },
);

/** What a receiver took, in its own order: what it had accepted before the connection broke counts. */
function receiverOf(answers: readonly string[]): { taken: Map<string, number[]>; calm: () => void } {
  const taken = new Map<string, number[]>();
  let next = 0;
  let isCalm = false;
  s.receiver.answer = ({ data: { refund } }): Answer => {
    const what = isCalm ? 'accepts' : answers[next++ % answers.length]!;
    if (what.startsWith('accepts')) taken.set(refund.id, [...(taken.get(refund.id) ?? []), refund.version]);
    if (what === 'refuses') return 500;
    if (what === 'is busy') return (response) => response.writeHead(429, { 'retry-after': '30' }).end();
    if (what.endsWith('resets')) return (response) => response.socket?.destroy();
    return 204;
  };
  return { taken, calm: () => void (isCalm = true) };
}

test('whatever changes, is answered, or dies: every version arrives, and those of a refund in their order', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(step, { minLength: 5, maxLength: 25 }),
      fc.array(answer, { minLength: 1, maxLength: 12 }),
      async (steps, answers) => {
        await s.clear();
        const { ids } = await s.listen({ demo: [endpointOf(s.receiver.url)] });
        const { taken, calm } = receiverOf(answers);
        const refunds: RefundId[] = await Promise.all([s.refund(), s.refund(), s.refund()]);
        for (const each of steps) {
          if (each.do === 'change') await s.change(refunds[each.which]!);
          else if (each.do === 'deliver')
            await Promise.all(Array.from({ length: each.workers }, () => s.deliver()));
          else if (each.do === 'pass') await s.t.advance(each.seconds);
          else await claimDeliveries(s.t.database.db, ids.get('books')!, each.claims, 60_000);
        }
        calm();
        const isOpen = async () => (await s.deliveries()).some(({ status }) => status === 'PENDING');
        for (let round = 0; (await isOpen()) && round < 30; round += 1) {
          await s.t.advance(7_200);
          await s.deliver();
        }
        expect(await isOpen()).toBe(false);
        const rows = await s.t.database.db.selectFrom('refunds').select(['id', 'version']).execute();
        for (const { id, version } of rows.filter((row) => refunds.includes(row.id))) {
          const versions = taken.get(Buffer.from(`Refund:${id}`).toString('base64')) ?? [];
          expect(versions, 'in order').toEqual(versions.toSorted((left, right) => left - right));
          expect([...new Set(versions)], 'each at least once').toEqual(
            Array.from({ length: version }, (_, index) => index + 1),
          );
        }
      },
    ),
    { numRuns: Number(process.env['PROPERTY_RUNS'] ?? 25), interruptAfterTimeLimit: 120_000 },
  );
}, 300_000);
