import type { Logger } from 'pino';
import type { Config } from '../config.ts';
import { banner, readyPayments } from './banner.ts';
import { WEBHOOKS_PATH } from '../server/webhooks.ts';
import type { DemoAdditions, StartedService } from '../commands/serve.ts';
import { followClock } from './follow-clock.ts';
import { startSandbox, type SandboxProcess } from './sandbox-process.ts';

export interface DemoOptions {
  readonly log: Logger;
  /** Starts the service, in one process or several. */
  readonly start: (additions: DemoAdditions) => Promise<StartedService>;
}

export interface Demo {
  /** For standard output. */
  readonly banner: string;
  close(): Promise<void>;
}

/** The service with the sandbox beside it, on one clock. */
export async function startDemo(config: Config, { log, start }: DemoOptions): Promise<Demo> {
  await using undo = new AsyncDisposableStack();
  const { sandboxPort: port, dataDir } = config;
  // The sandbox keeps its books in the data directory, which may be another service's until the app owns it.
  let starting: Promise<SandboxProcess> | undefined;
  const beforeListening = (): Promise<SandboxProcess> =>
    (starting = startSandbox({ port, dataDir, webhookUrl: webhookUrlOf(config), log }));
  let app: StartedService;
  try {
    app = await start({ movableClock: true, beforeListening });
  } catch (error) {
    const left = await starting?.catch(() => undefined);
    // One that was there before may be somebody else's.
    if (left?.started === true) await left.stop();
    throw error;
  }
  if (starting === undefined) throw new TypeError('The app is up and never asked for its sandbox.');
  const sandbox = await starting;
  undo.defer(() => sandbox.stop());
  undo.defer(() => app.close());

  const { url } = sandbox;
  const followerUrl = `http://127.0.0.1:${app.port}/demo/clock`;
  const [follower, ready] = await Promise.all([
    followClock(url, followerUrl, (seconds) => app.moveClock(seconds), log),
    readyPayments(url),
  ]);
  undo.defer(() => follower.stop());
  const started = undo.move();
  let closing: Promise<void> | undefined;
  return {
    banner: banner(app.url, url, config.merchants, ready),
    close: () => (closing ??= started.disposeAsync()),
  };
}

/** For the sandbox, which is started before the service listens; a port that is not known yet cannot be told. */
const webhookUrlOf = ({ host, port }: Config): string | undefined =>
  port === 0
    ? undefined
    : `http://${host.includes(':') ? `[${host}]` : host}:${port}${WEBHOOKS_PATH}{account}`;
