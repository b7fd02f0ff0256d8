import fc from 'fast-check';
import { sql } from 'kysely';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { watchVersions, type Unraised } from '../../support/version-watch.ts';
import { createTestWorld, type TestWorld } from '../../support/world.ts';
import { becomeQuiet, retire } from './become-quiet.ts';
import { commands } from './commands.ts';
import { Model } from './model.ts';
import { newPayments, System } from './system.ts';

/** `MODEL_RUNS` for more; `FC_SEED`, `FC_PATH` and `FC_REPLAY`, as a failure prints them, for the same again. */
const numRuns = Number(process.env['MODEL_RUNS'] ?? 14);
const seed = Number(process.env['FC_SEED'] ?? Date.now() % 2 ** 31);
/** Then it ends with the smallest example so far, or with fewer runs on a slow machine. */
const longestMs = numRuns * 10_000;
const path = process.env['FC_PATH'];

/** How what is pending ends at last, and whether the providers give our reference back. */
const circumstances = fc.record({ succeeds: fc.boolean(), isAnonymous: fc.boolean() });

let t: TestWorld;
let unraised: () => Promise<Unraised[]>;
beforeAll(async () => {
  t = await createTestWorld('refund_model');
  unraised = await watchVersions(t.database.db);
});
afterAll(async () => {
  if (process.env['MODEL_STATS'] === '1') console.table(await countMoves());
  expect(await unraised()).toEqual([]);
  await t.close();
});

/** How often each move of the table was made: what the runs reach, and what they do not. */
const countMoves = async () =>
  (
    await sql<{ move: string }>`
      SELECT from_status || ' -> ' || to_status || ' by ' || (evidence ->> 'cause') AS move, count(*)::int AS times
      FROM events WHERE kind LIKE 'leg.%' AND kind <> 'leg.details' GROUP BY 1 ORDER BY 1`.execute(
      t.database.db,
    )
  ).rows;

test('whatever is asked for, goes wrong, or dies: no promise is broken, and both ledgers agree in the end', async () => {
  console.log(`refund model: FC_SEED=${seed}, ${numRuns} runs`);
  await fc.assert(
    fc.asyncProperty(commands, circumstances, async (steps, { succeeds, isAnonymous }) => {
      const model = new Model(await newPayments(t));
      const system = await System.start(t, isAnonymous);
      await fc.asyncModelRun(() => ({ model, real: system }), steps);
      await becomeQuiet(model, system, succeeds);
      await retire(model, system);
    }),
    {
      numRuns,
      seed,
      interruptAfterTimeLimit: longestMs,
      endOnFailure: process.env['FC_SHRINK'] === '0',
      ...(path === undefined ? {} : { path }),
    },
  );
}, 1_800_000);
