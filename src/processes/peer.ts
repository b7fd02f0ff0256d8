/** One side of what two processes of a service say to each other. */
export interface Peer {
  /**
   * Asks the other side.
   *
   * @throws when it has no answer, does not answer in time, or is gone
   */
  ask(what: string, withinMs: number): Promise<unknown>;
  /** Tells the other side something that needs no answer; resolves when it has been handed over. */
  tell(what: string, value: unknown): Promise<void>;
  /** The other side is gone: whoever waits for an answer gets none. */
  close(): void;
}

/** The channel of Node between a process and its child, from either side. */
export interface Channel {
  /** Calls back with an error when the other side is gone; never throws. */
  send(message: object, done: (error: Error | null) => void): void;
  onMessage(listen: (message: unknown) => void): void;
}

/** What each question, or what is told, sets off here. */
export type Answers = Readonly<Record<string, (value: unknown) => unknown>>;

type Message =
  | { readonly kind: 'ask'; readonly id: number; readonly what: string }
  | { readonly kind: 'tell'; readonly what: string; readonly value: unknown }
  | { readonly kind: 'answer'; readonly id: number; readonly isRight: boolean; readonly value: unknown };

interface Waiting {
  readonly timer: NodeJS.Timeout;
  readonly settle: (isRight: boolean, value: unknown) => void;
}

/** Questions and answers over a channel; both sides may ask, any number at once. */
export function createPeer(channel: Channel, answers: Answers): Peer {
  const waiting = new Map<number, Waiting>();
  let lastId = 0;

  const send = (message: Message): Promise<void> =>
    new Promise((resolve) => {
      // Who is gone needs no answer; that it is gone is heard elsewhere.
      channel.send(message, () => resolve());
    });

  async function answer(id: number, what: string): Promise<void> {
    try {
      const value = await answers[what]?.(undefined);
      await send({ kind: 'answer', id, isRight: what in answers, value });
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      await send({ kind: 'answer', id, isRight: false, value: reason });
    }
  }

  channel.onMessage((message) => {
    if (!isMessage(message)) return;
    if (message.kind === 'ask') void answer(message.id, message.what);
    else if (message.kind === 'tell') answers[message.what]?.(message.value);
    else waiting.get(message.id)?.settle(message.isRight, message.value);
  });

  return {
    ask(what, withinMs) {
      const id = (lastId += 1);
      return new Promise((resolve, reject) => {
        const settle: Waiting['settle'] = (isRight, value) => {
          clearTimeout(timer);
          waiting.delete(id);
          if (isRight) resolve(value);
          else reject(new Error(`"${what}" has no answer: ${String(value)}`));
        };
        const timer = setTimeout(() => settle(false, `none within ${withinMs} ms`), withinMs);
        waiting.set(id, { timer, settle });
        void send({ kind: 'ask', id, what });
      });
    },
    tell: (what, value) => send({ kind: 'tell', what, value }),
    close() {
      for (const { settle } of waiting.values()) settle(false, 'the other process is gone');
    },
  };
}

/** Other messages on the channel are Node's or nobody's. */
const isMessage = (message: unknown): message is Message =>
  typeof message === 'object' &&
  message !== null &&
  'kind' in message &&
  (message.kind === 'ask' || message.kind === 'tell' || message.kind === 'answer');
