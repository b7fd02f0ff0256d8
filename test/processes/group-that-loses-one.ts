import { setTimeout as delay } from 'node:timers/promises';
import { pino } from 'pino';
import { startGroup } from '../../src/processes/group.ts';
import { isMember } from '../../src/processes/is-member.ts';
import { linkToParent } from '../../src/processes/parent-link.ts';

/** A group of two whose first process listens, and ends before the second one does. Prints which processes were started. */
async function parent(): Promise<void> {
  const firstEnded = Promise.withResolvers<void>();
  const started: number[] = [];
  const replaced = Promise.withResolvers<void>();
  const group = await startGroup({
    size: 2,
    log: pino({ level: 'silent' }),
    output: { write: () => undefined },
    answersFor: (number) => ({
      async join() {
        started.push(number);
        if (started.length > 2) replaced.resolve();
        if (number === 2) await firstEnded.promise;
        return { number, ends: number === 1 && started.filter((one) => one === 1).length === 1 };
      },
    }),
    onEnded: () => firstEnded.resolve(),
    onGivenUp: (error) => {
      throw error;
    },
  });
  await Promise.race([replaced.promise, delay(20_000, undefined, { ref: false })]);
  await group.stop(1_000);
  process.stdout.write(started.toSorted((a, b) => a - b).join(' '));
}

async function member(): Promise<void> {
  const alive = setInterval(() => undefined, 1_000);
  process.once('SIGTERM', () => process.exit(0));
  const link = linkToParent({});
  const { number, ends } = (await link.ask('join', 60_000)) as { number: number; ends: boolean };
  await link.tell('listening', { url: `http://127.0.0.1/${number}`, port: number });
  if (ends) clearInterval(alive);
  if (ends) process.exit(3);
}

await (isMember() ? member() : parent());
