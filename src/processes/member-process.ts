import cluster, { type Worker } from 'node:cluster';
import type { Logger } from 'pino';
import { createPeer, type Answers, type Peer } from './peer.ts';
import { heapFlags } from './heap-flags.ts';
import { mergeLines } from './merge-lines.ts';

/** Where a process of the service listens. */
export interface Listening {
  readonly url: string;
  readonly port: number;
}

/** A child process of the service, from its start to its end. */
export interface MemberProcess {
  /** No later process has it. */
  readonly id: number;
  readonly number: number;
  readonly pid: number | undefined;
  readonly peer: Peer;
  readonly startedMs: number;
  /** Resolves when it takes requests; rejects when it has ended before. */
  readonly listening: Promise<Listening>;
  /** Resolves with the reason, in words. */
  readonly ended: Promise<string>;
  kill(signal: NodeJS.Signals): void;
}

/** A process of the service has ended, or cannot be started; the message says why. */
export class ProcessError extends Error {
  override readonly name = 'ProcessError';
}

export interface MemberOptions {
  readonly number: number;
  readonly log: Logger;
  /** Where its standard output goes. */
  readonly output: { write(lines: string): void };
  /** What it may ask. */
  readonly answers: Answers;
}

/** Starts a process of the service; `setUpMembers` comes first. */
export function startMemberProcess({ number, log, output, answers }: MemberOptions): MemberProcess {
  const worker = cluster.fork();
  const listening = Promise.withResolvers<Listening>();
  const ended = Promise.withResolvers<string>();
  // Whether anybody waits for it is not this one's business.
  listening.promise.catch(() => undefined);
  let failure: string | undefined;
  const peer = createPeer(channelTo(worker), {
    ...answers,
    listening: (value) => listening.resolve(value as Listening),
    failed: (value) => {
      failure = String(value);
    },
  });
  worker.on('error', (error) => log.error({ err: error, number }, 'a process of the service failed'));
  worker.once('exit', (code: number | null, signal: string | null) => {
    peer.close();
    const reason = failure ?? `it ended with ${signal ?? String(code)}`;
    listening.reject(new ProcessError(reason));
    ended.resolve(reason);
  });
  const { pid, stdout } = worker.process;
  if (stdout !== null) mergeLines(stdout, output);
  return {
    id: worker.id,
    number,
    pid,
    peer,
    startedMs: performance.now(),
    listening: listening.promise,
    ended: ended.promise,
    kill: (signal) => void worker.process.kill(signal),
  };
}

/** All run the command of this process, and write their log to us. */
export function setUpMembers(): void {
  // Connections are handed out in turns by this process. A port that each child opens by itself (SO_REUSEPORT) would lose
  // what waits at a child that ends, and let another service of the same user share it unseen.
  cluster.schedulingPolicy = cluster.SCHED_RR;
  cluster.setupPrimary({
    exec: process.argv[1] ?? '',
    args: ['serve'],
    // Those of this process come last: they win.
    execArgv: [...heapFlags, ...process.execArgv],
    // JSON has no NaN, which some metrics are.
    serialization: 'advanced',
    stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
  });
}

const channelTo = (worker: Worker) => ({
  send(message: object, done: (error: Error | null) => void): void {
    if (!worker.isConnected()) return done(new Error('the process is gone'));
    worker.send(message, done);
  },
  onMessage: (listen: (message: unknown) => void) => void worker.on('message', listen),
});
