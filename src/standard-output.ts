import type { Writable } from 'node:stream';
import type { DestinationStream } from 'pino';

/** More than this waiting for a reader, in bytes: lines are dropped and counted, memory is not eaten. */
const MAX_WAITING_BYTES = 4 * 1024 * 1024;

interface LogDestination extends DestinationStream {
  /** Calls back when everything so far has been written. */
  flush(done: () => void): void;
}

/**
 * Standard output as a place for log lines that can never stop the service. The lines of one turn of the
 * event loop leave together. A pipe that nobody reads costs MAX_WAITING_BYTES, then lines are lost, and their
 * number is logged when there is room again; a reader that is gone, or a full disk, costs the lines. pino's
 * own destination is not used: at exit it waits for a reader without end.
 */
export function standardOutput(out: Writable = process.stdout): LogDestination {
  let pending = '';
  let dropped = 0;
  out.on('error', () => undefined);
  process.once('exit', write);

  function write(): void {
    const text = pending;
    pending = '';
    if (text === '' || !out.writable) return;
    try {
      out.write(text);
    } catch {
      // A file on a full disk throws here.
    }
  }

  return {
    write(line) {
      if (out.writableLength + pending.length > MAX_WAITING_BYTES) {
        dropped += 1;
        return;
      }
      if (pending === '') setImmediate(write);
      if (dropped > 0) {
        pending += `${JSON.stringify({ level: 'warn', dropped, msg: 'log lines were lost: nobody read them' })}\n`;
        dropped = 0;
      }
      pending += line;
    },
    flush(done) {
      write();
      if (out.writable) out.write('', () => done());
      else done();
    },
  };
}
