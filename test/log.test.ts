import { setImmediate as turn } from 'node:timers/promises';
import { PassThrough, Writable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { createLog } from '../src/log.ts';
import { withLogContext } from '../src/request-context.ts';
import { standardOutput } from '../src/standard-output.ts';

function logged(write: (log: ReturnType<typeof createLog>) => void): Record<string, unknown>[] {
  const destination = new PassThrough();
  write(createLog({ level: 'info', destination }));
  const text = String(destination.read() ?? '');
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
}

describe('the log', () => {
  it('writes neither process nor host, and the level as a word', () => {
    const [line] = logged((log) => log.info({ refundId: 'r' }, 'sent'));
    expect(Object.keys(line ?? {}).toSorted()).toEqual(['level', 'msg', 'refundId', 'time']);
    expect(line).toMatchObject({ level: 'info', msg: 'sent' });
  });

  it('carries the id of the request that caused a line, also after awaiting', async () => {
    const destination = new PassThrough();
    const log = createLog({ level: 'info', destination });
    await withLogContext({ requestId: 'caller-1' }, async () => {
      await turn();
      log.info('inside');
    });
    log.info('outside');
    const lines = String(destination.read()).trim().split('\n');
    expect(lines.map((line) => (JSON.parse(line) as { requestId?: string }).requestId)).toEqual([
      'caller-1',
      undefined,
    ]);
  });

  it('keeps the fields of one line out of the next one of the same request', () => {
    const lines = withLogContext({ requestId: 'caller-1' }, () =>
      logged((log) => {
        log.info({ status: 200 }, 'first');
        log.info('second');
      }),
    );
    expect(lines[1]).not.toHaveProperty('status');
  });

  it('hides what must never be in it, also one level down', () => {
    const secrets = {
      authorization: 'canary',
      password: 'canary',
      secretKey: 'canary',
      body: 'canary',
      variables: {},
    };
    const lines = logged((log) => log.info({ ...secrets, request: secrets, headers: { a: 'canary' } }, 'x'));
    expect(JSON.stringify(lines)).not.toContain('canary');
    expect(JSON.stringify(lines)).toContain('[hidden]');
  });

  it("keeps an error's code, constraint, stack and causes, but not the detail that quotes a row", () => {
    const cause = new Error('inner');
    const error = Object.assign(new Error('duplicate key', { cause }), {
      code: '23505',
      constraint: 'refunds_reference_unique',
      detail: 'Key (reference)=(canary) already exists.',
      parameters: ['canary'],
    });
    const lines = logged((log) => log.error({ err: error }, 'x'));
    expect(lines[0]?.['err']).toMatchObject({
      type: 'Error',
      message: 'duplicate key',
      code: '23505',
      constraint: 'refunds_reference_unique',
      cause: { message: 'inner' },
    });
    expect(JSON.stringify(lines)).not.toContain('canary');
  });
});

describe('standard output', () => {
  const line = `${'x'.repeat(999)}\n`;

  it('holds a bounded part for a reader that stands still, and tells how much was lost when it reads again', async () => {
    let read: (() => void) | undefined;
    const received: string[] = [];
    const slow = new Writable({
      write: (chunk, _encoding, done) => {
        received.push(String(chunk));
        read = done;
      },
    });
    const output = standardOutput(slow);
    for (let round = 0; round < 100; round += 1) {
      for (let n = 0; n < 100; n += 1) output.write(line);
      await turn();
    }
    expect(slow.writableLength).toBeLessThan(5 * 1024 * 1024);

    while (slow.writableLength > 0) {
      read?.();
      await turn();
    }
    output.write('{"msg":"again"}\n');
    await turn();
    const kept = received.join('').split(line).length - 1;
    const note = /\{"level":"warn","dropped":(\d+)/.exec(received.join(''));
    expect(kept + Number(note?.[1])).toBe(10_000);
    expect(received.join('')).toContain('again');
  });

  it('outlives a reader that is gone', async () => {
    const gone = new Writable({ write: (_chunk, _encoding, done) => done(new Error('EPIPE')) });
    const output = standardOutput(gone);
    output.write(line);
    await turn();
    output.write(line);
    await turn();
    await new Promise<void>((resolve) => output.flush(resolve));
    expect(gone.destroyed).toBe(true);
  });
});
