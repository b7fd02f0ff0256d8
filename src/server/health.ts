import { settledWithin } from '../refunds/background.ts';
import { jsonAnswer, type Answer } from './answer.ts';

/** How long the database may take to answer before this process calls itself not ready, in milliseconds. */
const DATABASE_MS = 2_000;
/** An answer is good for so long, in milliseconds, so that nobody can load the database through `/ready`. */
const CHECK_AGAIN_MS = 500;

/** `/live`: the process answers. It says nothing about anything else, or a restart would be the cure for it. */
export const live = (): Answer => jsonAnswer(200, { status: 'live' });

export interface Readiness {
  ready(): Promise<Answer>;
  /** From now on: not ready, so that a balancer sends nothing more. */
  stop(): void;
}

/** `/ready`: this process can take requests. Why it cannot is for the log, not for whoever asks. */
export function createReadiness(askDatabase: () => Promise<unknown>): Readiness {
  let stopped = false;
  let last: { readonly at: number; readonly answers: Promise<boolean> } | undefined;

  function databaseAnswers(): Promise<boolean> {
    if (last === undefined || performance.now() - last.at > CHECK_AGAIN_MS)
      last = { at: performance.now(), answers: answersInTime(askDatabase) };
    return last.answers;
  }

  return {
    ready: async () =>
      !stopped && (await databaseAnswers()) && !stopped
        ? jsonAnswer(200, { status: 'ready' })
        : jsonAnswer(503, { status: 'unavailable' }, { 'retry-after': '1' }),
    stop: () => {
      stopped = true;
    },
  };
}

async function answersInTime(ask: () => Promise<unknown>): Promise<boolean> {
  let answered = false;
  const asked = ask().then(() => {
    answered = true;
  });
  await settledWithin(asked, DATABASE_MS);
  return answered;
}
