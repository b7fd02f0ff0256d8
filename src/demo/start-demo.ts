import type { Logger } from 'pino';
import { startApp, type App } from '../app.ts';
import type { Config } from '../config.ts';
import { DEMO_KEYS } from '../config/demo.ts';
import { banner, readyPayments } from './banner.ts';
import { firstQuery } from './first-query.ts';
import { followClock } from './follow-clock.ts';
import { startSandbox } from './sandbox-process.ts';

export interface DemoOptions {
  readonly log: Logger;
  readonly onFatal: (error: Error) => void;
}

export interface Demo {
  readonly app: App;
  /** For standard output. */
  readonly banner: string;
  close(): Promise<void>;
}

/** The service with the sandbox beside it, on one clock. */
export async function startDemo(config: Config, { log, onFatal }: DemoOptions): Promise<Demo> {
  await using undo = new AsyncDisposableStack();
  const graphiql = { apiKey: DEMO_KEYS.demo, firstQuery };
  const { sandboxPort: port, dataDir } = config;
  // Side by side, because each takes a while; but requests are taken when there is somebody to ask.
  const beforeListening = startSandbox({ port, dataDir, log });
  const [sandbox, app] = await Promise.allSettled([
    beforeListening,
    startApp(config, { log, movableClock: true, graphiql, onFatal, beforeListening }),
  ]);
  if (app.status === 'rejected') {
    // A sandbox that was there before may belong to the service that owns this data directory.
    if (sandbox.status === 'fulfilled' && sandbox.value.started) await sandbox.value.stop();
    throw app.reason;
  }
  if (sandbox.status === 'rejected') throw sandbox.reason;
  undo.defer(() => sandbox.value.stop());
  undo.defer(() => app.value.close());

  const { url } = sandbox.value;
  const followerUrl = `http://127.0.0.1:${app.value.port}/demo/clock`;
  const [follower, payments] = await Promise.all([
    followClock(url, followerUrl, (seconds) => app.value.moveClock(seconds), log),
    readyPayments(url),
  ]);
  undo.defer(() => follower.stop());
  const started = undo.move();
  let closing: Promise<void> | undefined;
  return {
    app: app.value,
    banner: banner(app.value.url, url, config.merchants, payments),
    close: () => (closing ??= started.disposeAsync()),
  };
}
