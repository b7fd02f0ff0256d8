/** The direction of bytes through the proxy. */
export type Way = 'toServer' | 'toClient';

/** Follows one connection: given its next bytes, how many of them still pass before the cut, or undefined for no cut. */
type Watcher = (way: Way, chunk: Buffer) => number | undefined;

/** When to cut a connection; makes the watcher of each connection. */
export type CutRule = () => Watcher;

/** Bytes that a connection carries one way. */
export interface Marker {
  way: Way;
  bytes: string | Buffer;
}

export const toServer = (bytes: string | Buffer): Marker => ({ way: 'toServer', bytes });
export const toClient = (bytes: string | Buffer): Marker => ({ way: 'toClient', bytes });

/** Lets `count` more bytes pass one way in a connection, counted from when the rule was given, and none after them. */
export const afterBytes = (way: Way, count: number): CutRule => {
  return () => {
    let left = count;
    return (seen, chunk) => {
      if (seen !== way) return undefined;
      if (chunk.length > left) return left;
      left -= chunk.length;
      return undefined;
    };
  };
};

/** Cuts where the last of these markers begins, when a connection carries them in this order: it does not arrive. */
export const before = (...markers: Marker[]): CutRule => inOrder(markers, 'before');

/** Cuts where the last of these markers ends, when a connection carries them in this order: it arrives. */
export const after = (...markers: Marker[]): CutRule => inOrder(markers, 'after');

function inOrder(markers: Marker[], where: 'before' | 'after'): CutRule {
  const steps = markers.map(({ way, bytes }) => ({ way, bytes: Buffer.from(bytes as string) }));
  const longest = Math.max(...steps.map((step) => step.bytes.length));
  return () => {
    let step = 0;
    const tails: Record<Way, Buffer> = { toServer: Buffer.alloc(0), toClient: Buffer.alloc(0) };
    return (way, chunk) => {
      const seen = Buffer.concat([tails[way], chunk]);
      const known = tails[way].length;
      let from = 0;
      for (let next = steps[step]; next?.way === way; next = steps[step]) {
        const at = seen.indexOf(next.bytes, from);
        if (at < 0) break;
        from = at + next.bytes.length;
        step += 1;
        if (step === steps.length) return Math.max(0, (where === 'before' ? at : from) - known);
      }
      tails[way] = seen.subarray(Math.max(from, seen.length - longest + 1));
      return undefined;
    };
  };
}

/** PostgreSQL's messages that end a transaction: the order, and the server's word that it is done. */
export const commitOrder: Marker = toServer(Buffer.from('Q\0\0\0\x0bcommit\0'));
export const commitDone: Marker = toClient(Buffer.from('C\0\0\0\x0bCOMMIT\0'));

/**
 * The connection is lost in COMMIT, in the first transaction that sends `statement` (a part of its text, which goes over
 * the wire only where statements are not prepared): `before` the server hears of it, or `after` it has done it.
 */
export const inCommitOf = (statement: string, side: 'before' | 'after'): CutRule =>
  before(toServer(statement), ...(side === 'before' ? [commitOrder] : [commitOrder, commitDone]));

const readyForQuery: Marker = toClient(Buffer.from('Z\0\0\0\x05I'));

/**
 * The connection is lost in the first statement with this part of its text, which is a transaction of its own: `before`
 * the server hears of it, or `after` it has committed it and is about to say so.
 */
export const inStatement = (statement: string, side: 'before' | 'after'): CutRule =>
  side === 'before' ? before(toServer(statement)) : before(toServer(statement), readyForQuery);

/** Follows all rules at once, for one connection, and says which of them cut it. */
export function anyOf<Cut>(
  rules: ReadonlyMap<CutRule, Cut>,
  progress: WeakMap<CutRule, Watcher>,
): (way: Way, chunk: Buffer) => { bytes: number; fire: Cut } | undefined {
  return (way, chunk) => {
    let first: { bytes: number; fire: Cut } | undefined;
    for (const [rule, fire] of rules) {
      const watcher = progress.get(rule) ?? rule();
      progress.set(rule, watcher);
      const bytes = watcher(way, chunk);
      if (bytes !== undefined && (first === undefined || bytes < first.bytes)) first = { bytes, fire };
    }
    return first;
  };
}
