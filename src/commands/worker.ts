import { startWorker } from '../worker.ts';
import { runUntilAsked } from './run-until-asked.ts';

/** Drives refunds without taking requests: what a service does with ENGINE=1, beside it or alone. */
export const worker = (env: NodeJS.ProcessEnv): Promise<number> => runUntilAsked(env, startWorker);
