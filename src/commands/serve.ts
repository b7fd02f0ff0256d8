import { readFile } from 'node:fs/promises';
import type { Logger } from 'pino';
import type { Config } from '../config.ts';
import { isMember } from '../processes/is-member.ts';
import type { Endings } from './endings.ts';
import { runUntilAsked, type Running } from './run-until-asked.ts';

/**
 * The service, in one process or several; it also ends when it has lost its database to another service, or cannot keep
 * its processes alive, with exit code 1. What is not needed is not loaded.
 */
export async function serve(env: NodeJS.ProcessEnv): Promise<number> {
  if (isMember()) return (await import('../processes/member.ts')).serveAsMember(env);
  return runUntilAsked(env, async (config, log, onFatal) => {
    const start = await starterOf(config, env, log, onFatal);
    if (!config.demo) return start({});
    const { startDemo } = await import('../demo/start-demo.ts');
    const demo = await startDemo(config, { log, start });
    process.stdout.write(demo.banner);
    return demo;
  });
}

/** What the demo adds to the start of a service. */
export interface DemoAdditions {
  readonly movableClock?: boolean;
  readonly beforeListening?: () => Promise<unknown>;
}

/** A service that was started, whatever it consists of. */
export interface StartedService extends Running {
  readonly url: string;
  readonly port: number;
  moveClock(offsetSeconds: number): Promise<void>;
}

async function starterOf(
  config: Config,
  env: NodeJS.ProcessEnv,
  log: Logger,
  onFatal: Endings['fatal'],
): Promise<(additions: DemoAdditions) => Promise<StartedService>> {
  if ((config.webConcurrency ?? 1) === 1) {
    const { startApp } = await import('../app.ts');
    const graphiql = config.demo ? (await import('../demo/graphiql.ts')).demoGraphiql : undefined;
    return (additions) => startApp(config, { log, onFatal, graphiql, ...additions });
  }
  const { startProcesses } = await import('../processes/start-processes.ts');
  const file = env['ACCOUNTS_FILE'];
  const accountsText = config.demo || file === undefined ? undefined : await readFile(file, 'utf8');
  return (additions) => startProcesses(config, { log, onFatal, accountsText, ...additions });
}
