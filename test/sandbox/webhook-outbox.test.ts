import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Journal } from '../../sandbox/journal.ts';
import { WebhookOutbox } from '../../sandbox/webhook-outbox.ts';
import { startReceiver, type WebhookReceiver } from './webhook-receiver.ts';

describe('webhook outbox', () => {
  let receiver: WebhookReceiver;
  let outboxes: WebhookOutbox[];
  beforeEach(async () => {
    receiver = await startReceiver();
    outboxes = [];
  });
  afterEach(() => {
    for (const outbox of outboxes) outbox.close();
    receiver.close();
  });

  function open(disablesAfterFailure: boolean): WebhookOutbox {
    const outbox = new WebhookOutbox(Journal.open(), receiver.url, {
      journalKind: 'test.webhooks',
      acknowledges: (status) => status === 200,
      attemptTimeoutMs: 5_000,
      disablesAfterFailure,
      firstRetryMs: 1,
    });
    outboxes.push(outbox);
    outbox.setMode({ mode: 'on' });
    return outbox;
  }
  const notification = (objectId: string) => ({
    event: 'happened',
    objectId,
    account: 'shop',
    body: `{"id":"${objectId}"}`,
    headers: { 'x-signature': objectId },
    forged: false,
  });

  it('makes headers anew for every attempt where they are', async () => {
    receiver.statuses.push(500, 500);
    let attempt = 0;
    const headers = () => ({ 'x-attempt': String((attempt += 1)) });
    open(false).send({ ...notification('one'), headers });
    await expect
      .poll(() => receiver.received.map((one) => one.headers['x-attempt']))
      .toEqual(['1', '2', '3']);
  });

  it('gives up after eight attempts with the same bytes and headers', async () => {
    receiver.statuses.push(...Array.from({ length: 8 }, () => 500));
    const outbox = open(false);
    outbox.send(notification('one'));
    await expect
      .poll(() => outbox.deliveries)
      .toMatchObject([{ attempts: 8, lastStatus: 500, acknowledged: false }]);
    expect(
      new Set(receiver.received.map(({ raw, headers }) => `${raw} ${String(headers['x-signature'])}`)),
    ).toEqual(new Set(['{"id":"one"} one']));
    outbox.send(notification('two'));
    await expect.poll(() => receiver.received.length).toBe(9);
  });

  it('ends notifications after one that was never acknowledged, until they are switched on again', async () => {
    receiver.statuses.push(...Array.from({ length: 8 }, () => 500));
    const outbox = open(true);
    outbox.send(notification('one'));
    await expect.poll(() => outbox.disabled).toBe(true);
    outbox.send(notification('lost'));
    outbox.setMode({ mode: 'on' });
    outbox.send(notification('two'));
    await expect.poll(() => receiver.received.map(({ raw }) => raw)).toContain('{"id":"two"}');
    expect(receiver.received.map(({ raw }) => raw)).not.toContain('{"id":"lost"}');
  });

  it('goes on after lies that were never acknowledged', async () => {
    receiver.statuses.push(...Array.from({ length: 8 }, () => 500));
    const outbox = open(true);
    outbox.setMode({ mode: 'forge' });
    outbox.send({ ...notification('lie'), forged: true });
    await expect.poll(() => outbox.deliveries).toMatchObject([{ attempts: 8, lastStatus: 500 }]);
    outbox.send({ ...notification('another'), forged: true });
    await expect.poll(() => receiver.received.map(({ raw }) => raw)).toContain('{"id":"another"}');
  });
});
