import { execFile } from 'node:child_process';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startPolledService, type PolledService } from './polled-service.ts';

const examples = path.resolve(import.meta.dirname, '../../examples/polling');

let polled: PolledService;
beforeAll(async () => {
  polled = await startPolledService('run_by_node');
});
afterAll(() => polled.close());

test.each(['poll-with-fetch.ts', 'poll-with-tanstack-query.ts'])(
  '%s is run by Node as it is, shows the refund, and ends with it',
  async (file) => {
    const id = await polled.makeRefund();
    await polled.settle('succeeded');
    await polled.sync(id);
    const { stdout, stderr } = await promisify(execFile)(process.execPath, [
      path.join(examples, file),
      polled.api.url,
      polled.api.apiKey,
      id,
    ]);
    expect(stderr).toBe('');
    expect(stdout).toMatch(/^SUCCEEDED RETURNED Your refund of 100\.00 RUB has been returned\.\n$/);
  },
);
