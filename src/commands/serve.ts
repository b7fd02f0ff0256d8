import { startApp } from '../app.ts';
import { startDemo } from '../demo/start-demo.ts';
import { runUntilAsked } from './run-until-asked.ts';

/** The service; it also ends when it has lost its database to another service, with exit code 1. */
export const serve = (env: NodeJS.ProcessEnv): Promise<number> =>
  runUntilAsked(env, async (config, log, onFatal) => {
    if (!config.demo) return startApp(config, { log, onFatal });
    const demo = await startDemo(config, { log, onFatal });
    process.stdout.write(demo.banner);
    return demo;
  });
