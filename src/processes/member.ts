import type { Logger } from 'pino';
import { startApp, type App } from '../app.ts';
import { describeError } from '../commands/describe-error.ts';
import { runUntilAsked, type ToldByParent } from '../commands/run-until-asked.ts';
import type { Config } from '../config.ts';
import { demoGraphiql } from '../demo/graphiql.ts';
import { errorAnswer, type Answer } from '../server/answer.ts';
import { linkToParent } from './parent-link.ts';
import type { Peer } from './peer.ts';

/** How long the parent may take to answer, in milliseconds; longer than it waits for the other processes. */
const PARENT_ANSWERS_WITHIN_MS = 10_000;

/**
 * One of several processes of a service: takes requests at the port that they share, drives what is due, and leaves the
 * embedded database, the sandbox, and the end to its parent. Node ends it at once when the parent is gone, so that whoever
 * starts next finds nobody who may be sending.
 */
export async function serveAsMember(env: NodeJS.ProcessEnv): Promise<number> {
  let app: App | undefined;
  const parent = linkToParent({
    metrics: () => app?.metrics() ?? [],
    'clock-moved': () => app?.followClock(),
  });
  try {
    const told = (await parent.ask('join', PARENT_ANSWERS_WITHIN_MS)) as ToldByParent;
    return await runUntilAsked(
      env,
      async (config, log, onFatal) => {
        app = await startMember(parent, told.number, config, { log, onFatal });
        await parent.tell('listening', { url: app.url, port: app.port });
        return app;
      },
      told,
    );
  } catch (error) {
    // Each would say the same: the parent says it once.
    await parent.tell('failed', describeError(error));
    return 1;
  }
}

function startMember(
  parent: Peer,
  number: number,
  config: Config,
  { log, onFatal }: { readonly log: Logger; readonly onFatal: (error: Error) => void },
): Promise<App> {
  return startApp(config, {
    log,
    onFatal,
    ...(config.demo && { movableClock: true, graphiql: demoGraphiql }),
    group: {
      membership: { number, of: config.webConcurrency ?? 1 },
      metricsPage: { answer: () => metricsOfAll(parent) },
      clockMoved: async () => {
        await parent.ask('clock-moved', PARENT_ANSWERS_WITHIN_MS);
      },
    },
  });
}

const metricsOfAll = async (parent: Peer): Promise<Answer> =>
  parent.ask('metrics', PARENT_ANSWERS_WITHIN_MS).then(
    (answer) => answer as Answer,
    () => errorAnswer(503, 'SERVICE_UNAVAILABLE', 'The processes of this service do not answer.'),
  );
