import type { Readable } from 'node:stream';
import { StringDecoder } from 'node:string_decoder';

/** A line that is longer is passed on in pieces: nobody can make this process keep more, in characters. */
const MAX_LINE = 1024 * 1024;

/**
 * Passes on what a process writes in whole lines: of several that write to one pipe by themselves, lines that are
 * longer than the pipe takes at once would be mixed.
 */
export function mergeLines(from: Readable, to: { write(lines: string): void }): void {
  const decoder = new StringDecoder('utf8');
  let rest = '';
  from.on('data', (chunk: Buffer) => {
    const text = rest + decoder.write(chunk);
    const end = text.length > MAX_LINE ? text.length : text.lastIndexOf('\n') + 1;
    rest = text.slice(end);
    if (end > 0) to.write(text.slice(0, end));
  });
  from.on('end', () => {
    // A process that was killed may leave half of a line.
    if (rest !== '') to.write(`${rest}\n`);
  });
  from.on('error', () => undefined);
}
