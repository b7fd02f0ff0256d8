import type { Logger } from 'pino';
import { settledWithin } from '../refunds/background.ts';
import {
  setUpMembers,
  startMemberProcess,
  ProcessError,
  type Listening,
  type MemberProcess,
} from './member-process.ts';
import type { Answers } from './peer.ts';
import { createRestarts, MAX_EARLY_ENDS, type Restarts } from './restarts.ts';

/** How much longer than its own grace a process may take to end before it is killed, in milliseconds. */
const KILLED_AFTER_GRACE_MS = 5_000;

export interface GroupOptions {
  /** How many processes. */
  readonly size: number;
  readonly log: Logger;
  readonly output: { write(lines: string): void };
  /** What a process may ask; it joins with its number. */
  answersFor(number: number): Answers;
  /** A process has ended: its id. */
  onEnded(id: number): void;
  /** A process could not be kept alive; the others still run. */
  onGivenUp(error: Error): void;
}

/** The processes of a service. */
export interface Group {
  readonly listening: Listening;
  /** Asks all that run; who has no answer in time, or fails, is left out. By the ids of the processes. */
  ask(what: string, withinMs: number): Promise<Map<number, unknown>>;
  /** Lets all end within their grace; none is started again. */
  stop(graceMs: number): Promise<void>;
}

/**
 * Starts the processes of a service and keeps their number: who ends is replaced, after a pause that grows while they end
 * at once.
 *
 * @throws ProcessError with the reason of the first that ended before all of them took requests; the others are ended
 */
export async function startGroup(options: GroupOptions): Promise<Group> {
  const { size, log } = options;
  const members = new Map<number, MemberProcess>();
  const pauses = new Set<NodeJS.Timeout>();
  const restarts = Array.from({ length: size }, () => createRestarts());
  /** Ends of those that took requests already, while others were still starting; undefined once all have started. */
  let early: (() => void)[] | undefined = [];
  let isStopping = false;

  function start(number: number): MemberProcess {
    const { output } = options;
    const member = startMemberProcess({ number, log, output, answers: options.answersFor(number) });
    members.set(number, member);
    log.info({ process: number, pid: member.pid }, 'process started');
    void member.ended.then((reason) => {
      members.delete(number);
      options.onEnded(member.id);
      if (isStopping) return;
      const replaceIt = (): void => replace(member, reason, restarts[number - 1]!);
      if (early === undefined) replaceIt();
      else early.push(replaceIt);
    });
    return member;
  }

  function replace({ number, pid, startedMs }: MemberProcess, reason: string, policy: Restarts): void {
    const pauseMs = policy.pauseMs(performance.now() - startedMs);
    if (pauseMs === undefined) {
      const why = `process ${number} ended ${MAX_EARLY_ENDS} times in a row right after its start: ${reason}`;
      options.onGivenUp(new ProcessError(why));
      return;
    }
    log.error({ process: number, pid, reason, pauseMs }, 'a process ended; another takes its place');
    const pause = setTimeout(() => {
      pauses.delete(pause);
      start(number);
    }, pauseMs);
    pauses.add(pause);
  }

  async function stop(graceMs: number): Promise<void> {
    isStopping = true;
    for (const pause of pauses) clearTimeout(pause);
    const running = [...members.values()];
    for (const member of running) member.kill('SIGTERM');
    const ends = Promise.all(running.map(({ ended }) => ended));
    if (await settledWithin(ends, graceMs + KILLED_AFTER_GRACE_MS)) return;
    for (const member of members.values()) {
      log.error({ process: member.number, pid: member.pid }, 'a process does not end; it is killed');
      member.kill('SIGKILL');
    }
    await ends;
  }

  setUpMembers();
  try {
    const all = Array.from({ length: size }, (_, index) => start(index + 1));
    const [first] = await Promise.all(all.map(({ listening }) => listening));
    const ended = early;
    early = undefined;
    for (const replaceIt of ended) replaceIt();
    return {
      listening: first!,
      stop,
      async ask(what, withinMs) {
        const asked = [...members.values()].map(
          async ({ id, peer }) => [id, await peer.ask(what, withinMs)] as const,
        );
        const settled = await Promise.allSettled(asked);
        return new Map(settled.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : [])));
      },
    };
  } catch (error) {
    await stop(0);
    throw error;
  }
}
