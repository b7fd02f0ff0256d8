import {
  closeSync,
  existsSync,
  fstatSync,
  fsyncSync,
  ftruncateSync,
  openSync,
  readFileSync,
  renameSync,
  writeSync,
} from 'node:fs';
import { type JournalLock, lockJournal } from './journal-lock.ts';

/** One fact to keep: the newest value under (kind, id) counts; `null` removes it. */
export interface JournalEntry {
  kind: string;
  id: string;
  value: unknown;
}

interface Line {
  reset?: boolean;
  put: JournalEntry[];
}

type Facts = Map<string, Map<string, unknown>>;

/**
 * The sandbox's durable memory: a file of JSON lines, one line per transaction, written with a synchronous write before
 * the answer leaves, so that it survives kill -9 (not a power cut: lines are not fsynced). A torn last line is a
 * transaction that never happened. Opening compacts the file to its newest values, which would take it away from under
 * another sandbox: a file has one sandbox at a time. Without a file nothing is kept.
 */
export class Journal {
  readonly #fd: number | undefined;
  readonly #lock: JournalLock | undefined;
  #loaded: Facts;

  private constructor(loaded: Facts, fd?: number, lock?: JournalLock) {
    this.#loaded = loaded;
    this.#fd = fd;
    this.#lock = lock;
  }

  /**
   * Locks, replays and compacts. Throws when another living sandbox has the file, when a line other than the last one is
   * damaged or when the file cannot be written; nothing has changed then.
   */
  static open(file?: string): Journal {
    if (file === undefined) return new Journal(new Map());
    const lock = lockJournal(file);
    try {
      const facts = existsSync(file) ? replay(readFileSync(file, 'utf8'), file) : new Map();
      compact(file, facts);
      return new Journal(facts, openSync(file, 'a', 0o600), lock);
    } catch (error) {
      lock.release();
      throw error;
    }
  }

  /** What was stored under a kind when the journal was opened, oldest first. Each kind can be taken once. */
  take(kind: string): Map<string, unknown> {
    const values = this.#loaded.get(kind) ?? new Map<string, unknown>();
    this.#loaded.delete(kind);
    return values;
  }

  /** Writes one transaction: all of the entries or, after a crash or an error in the middle, none. Throws when it cannot. */
  append(put: JournalEntry[]): void {
    if (put.length > 0) this.#write({ put });
  }

  /** Forgets everything that was ever written. */
  reset(): void {
    this.#loaded = new Map();
    this.#write({ reset: true, put: [] });
  }

  close(): void {
    if (this.#fd !== undefined) closeSync(this.#fd);
    this.#lock?.release();
  }

  // A full disk must not leave half a line in front of later ones.
  #write(line: Line): void {
    if (this.#fd === undefined) return;
    const { size } = fstatSync(this.#fd);
    try {
      writeFully(this.#fd, encode(line));
    } catch (error) {
      ftruncateSync(this.#fd, size);
      throw error;
    }
  }
}

function replay(text: string, file: string): Facts {
  const facts: Facts = new Map();
  const lines = text.split('\n');
  const torn = lines.length - 1; // what follows the last newline: empty, or a write that kill -9 cut
  for (const [index, line] of lines.entries()) {
    if (index === torn) break;
    const parsed = decode(line);
    if (parsed === undefined) throw new Error(`journal ${file} is damaged at line ${index + 1}`);
    if (parsed.reset === true) facts.clear();
    for (const { kind, id, value } of parsed.put) {
      const values = facts.get(kind) ?? new Map<string, unknown>();
      facts.set(kind, values);
      if (value === null) values.delete(id);
      else values.set(id, value);
    }
  }
  return facts;
}

function compact(file: string, facts: Facts): void {
  const compacted = `${file}.compacting`;
  const fd = openSync(compacted, 'w', 0o600);
  for (const [kind, values] of facts) {
    for (const [id, value] of values) writeFully(fd, encode({ put: [{ kind, id, value }] }));
  }
  fsyncSync(fd);
  closeSync(fd);
  renameSync(compacted, file);
}

function writeFully(fd: number, text: string): void {
  const bytes = Buffer.from(text);
  for (let at = 0; at < bytes.length;) at += writeSync(fd, bytes, at);
}

// JSON has no integers beyond 2^53, so minor units travel as {"$minor": "150000"}.
function encode(line: Line): string {
  return `${JSON.stringify(line, (_key, value: unknown) => (typeof value === 'bigint' ? { $minor: value.toString() } : value))}\n`;
}

function decode(text: string): Line | undefined {
  try {
    const line: unknown = JSON.parse(text, (_key, value: unknown) =>
      typeof value === 'object' && value !== null && '$minor' in value ? BigInt(String(value.$minor)) : value,
    );
    return typeof line === 'object' && line !== null && 'put' in line && Array.isArray(line.put)
      ? (line as Line)
      : undefined;
  } catch {
    return undefined;
  }
}
