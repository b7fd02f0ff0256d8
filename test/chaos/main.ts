import { parseArgs } from 'node:util';
import { randomInt } from 'node:crypto';
import { removeOrphans } from '../support/orphans.ts';
import { describePlan } from './plan.ts';
import { report } from './report.ts';
import { planOf, run, type RunOptions } from './run.ts';
import { directoryPrefix, setStage } from './stage.ts';

const USAGE = 'Usage: npm run chaos -- [--seed N] [--seconds S] [--clients C] [--real-time]\n';
const WRONG_USE = 2;

/** As shells count a SIGINT. */
const INTERRUPTED = 130;

/**
 * `npm run chaos -- --seed N --seconds S`: one run against two APIs and a worker. The seed decides what the clients
 * ask and what goes wrong when; processes and networks keep their own timing, so a repetition is alike, not equal.
 * Exit code 1 when an invariant does not hold.
 */
async function main(): Promise<number> {
  const values = readArguments();
  if (values === undefined) {
    process.stderr.write(USAGE);
    return WRONG_USE;
  }
  const options: RunOptions = {
    seed: values.seed,
    seconds: wholeNumber('seconds', values.seconds),
    clients: wholeNumber('clients', values.clients),
    realTime: values['real-time'],
  };
  const plan = planOf(options);
  process.stdout.write(`seed ${options.seed}, ${options.seconds} s. Plan: ${describePlan(plan)}\n`);
  await removeOrphans(directoryPrefix);
  const stop = new AbortController();
  const interrupted = new Promise<undefined>((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const)
      process.on(signal, () => {
        stop.abort();
        resolve(undefined);
      });
  });
  const stage = await setStage();
  try {
    const running = run(stage, plan, options, stop.signal);
    const result = await Promise.race([running, interrupted]);
    if (result === undefined) {
      running.catch(() => undefined);
      return INTERRUPTED;
    }
    process.stdout.write(report(stage, options, result));
    return result.violations.length === 0 ? 0 : 1;
  } finally {
    await stage.tearDown();
  }
}

/** Undefined: there is an option that does not exist. */
function readArguments() {
  const options = {
    seed: { type: 'string', default: String(randomInt(1_000_000)) },
    seconds: { type: 'string', default: '60' },
    clients: { type: 'string', default: '6' },
    'real-time': { type: 'boolean', default: false },
  } as const;
  try {
    return parseArgs({ options }).values;
  } catch {
    return undefined;
  }
}

function wholeNumber(name: string, text: string): number {
  if (!/^[1-9]\d{0,4}$/.test(text)) throw new TypeError(`--${name} takes a whole number from 1 to 99999`);
  return Number(text);
}

process.exit(await main());
