import type { TokenBucket } from './token-bucket.ts';

/** Sends and reads queue apart, and sends go first, so that many looks cannot keep a refund from being sent. */
export type Lane = 'send' | 'read';

export type Entry =
  | { readonly admitted: true; leave(): void }
  | { readonly admitted: false; readonly reason: 'queue-full' | 'no-slot' | 'closing' };

export interface Lanes {
  /** Waits its turn, at most `waitMs`. Whoever is admitted must `leave`. */
  enter(lane: Lane, waitMs: number): Promise<Entry>;
  /**
   * How many further reads would be admitted within that time, if no other came: what the rate leaves behind those who
   * wait already, sends included, and as often as a slot becomes free. A queue of its own making is nothing to wait for.
   *
   * @param typicalMs how long a read keeps its slot; undefined: not known
   */
  readsWithin(durationMs: number, typicalMs: number | undefined): number;
  /** Refuses whoever waits or comes later; resolves when everybody who was admitted has left. */
  close(): Promise<void>;
}

interface Waiter {
  readonly answer: (entry: Entry) => void;
  readonly timer: NodeJS.Timeout;
}

interface LaneState {
  readonly limit: number;
  readonly waiting: Waiter[];
  inside: number;
}

/** While both lanes wait for the common rate, so many sends go before each read: a send may itself wait for a read. */
const SENDS_BEFORE_A_READ = 3;

/**
 * Who may call a provider now: first come, first served within a lane, at most `limits` at once, and sends before
 * reads when the common rate budget is short, without ever stopping reads.
 */
export function createLanes(
  limits: Readonly<Record<Lane, number>>,
  maxWaiting: number,
  bucket: TokenBucket,
): Lanes {
  const lanes: Record<Lane, LaneState> = {
    send: { limit: limits.send, waiting: [], inside: 0 },
    read: { limit: limits.read, waiting: [], inside: 0 },
  };
  let sendsInARow = 0;
  let budgetTimer: NodeJS.Timeout | undefined;
  let closed = false;
  const empty = Promise.withResolvers<void>();

  const isEmpty = (): boolean => lanes.send.inside + lanes.read.inside === 0;
  const hasNext = (lane: LaneState): boolean => lane.waiting.length > 0 && lane.inside < lane.limit;

  function nextLane(): Lane | undefined {
    const first: Lane = sendsInARow < SENDS_BEFORE_A_READ ? 'send' : 'read';
    const second: Lane = first === 'send' ? 'read' : 'send';
    if (hasNext(lanes[first])) return first;
    return hasNext(lanes[second]) ? second : undefined;
  }

  function admit(lane: LaneState): void {
    const waiter = lane.waiting.shift();
    if (waiter === undefined) return;
    clearTimeout(waiter.timer);
    lane.inside += 1;
    let left = false;
    const leave = (): void => {
      if (left) return;
      left = true;
      lane.inside -= 1;
      if (closed && isEmpty()) empty.resolve();
      else pump();
    };
    waiter.answer({ admitted: true, leave });
  }

  function pump(): void {
    if (budgetTimer !== undefined) return;
    for (let lane = nextLane(); lane !== undefined; lane = nextLane()) {
      const waitMs = bucket.take();
      if (waitMs > 0) {
        budgetTimer = setTimeout(() => {
          budgetTimer = undefined;
          pump();
        }, waitMs);
        return;
      }
      sendsInARow = lane === 'send' ? sendsInARow + 1 : 0;
      admit(lanes[lane]);
    }
  }

  function enter(name: Lane, waitMs: number): Promise<Entry> {
    const lane = lanes[name];
    if (closed) return Promise.resolve({ admitted: false, reason: 'closing' });
    if (lane.waiting.length >= maxWaiting) return Promise.resolve({ admitted: false, reason: 'queue-full' });
    return new Promise((answer) => {
      const timer = setTimeout(() => {
        lane.waiting.splice(lane.waiting.indexOf(waiter), 1);
        answer({ admitted: false, reason: 'no-slot' });
      }, waitMs);
      const waiter: Waiter = { answer, timer };
      lane.waiting.push(waiter);
      pump();
    });
  }

  function close(): Promise<void> {
    closed = true;
    clearTimeout(budgetTimer);
    for (const lane of Object.values(lanes)) {
      for (const waiter of lane.waiting.splice(0)) {
        clearTimeout(waiter.timer);
        waiter.answer({ admitted: false, reason: 'closing' });
      }
    }
    if (isEmpty()) empty.resolve();
    return empty.promise;
  }

  function readsWithin(durationMs: number, typicalMs: number | undefined): number {
    const { send, read } = lanes;
    if (closed) return 0;
    const byRate = bucket.within(durationMs) - send.waiting.length - read.waiting.length;
    const rounds = typicalMs === undefined ? Infinity : Math.max(1, Math.ceil(durationMs / typicalMs));
    const bySlots = read.limit * rounds - read.inside - read.waiting.length;
    return Math.max(0, Math.min(byRate, bySlots, maxWaiting - read.waiting.length));
  }

  return { enter, readsWithin, close };
}
