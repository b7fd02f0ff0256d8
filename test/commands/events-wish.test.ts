import { expect, test } from 'vitest';
import { readWish } from '../../src/commands/events-wish.ts';

const uuid = '01a203bc-ad47-7290-a4c4-1f8919849bcf';
const globalId = Buffer.from(`Refund:${uuid}`).toString('base64');
const read = (line: string) => readWish(line.split(' ').filter((word) => word !== ''));
const listed = { endpoint: undefined, status: undefined, refundId: undefined, limit: 20 };

test.each([
  ['endpoints', { kind: 'endpoints' }],
  ['list', { kind: 'list', query: listed }],
  ['list --status failed --limit 1', { kind: 'list', query: { ...listed, status: 'FAILED', limit: 1 } }],
  ['list --status DISCARDED', { kind: 'list', query: { ...listed, status: 'DISCARDED' } }],
  [
    'list --endpoint books --limit 1000',
    { kind: 'list', query: { ...listed, endpoint: 'books', limit: 1000 } },
  ],
  [`list --refund ${uuid}`, { kind: 'list', query: { ...listed, refundId: uuid } }],
  [`list --refund ${globalId}`, { kind: 'list', query: { ...listed, refundId: uuid } }],
  [`resend msg_${uuid} --endpoint books`, { kind: 'resend', endpoint: 'books', messageId: uuid }],
  [`resend --endpoint books ${uuid}`, { kind: 'resend', endpoint: 'books', messageId: uuid }],
  [
    'resend --endpoint books --failed-since 2026-11-22',
    { kind: 'resend-failed', endpoint: 'books', since: new Date('2026-11-22T00:00:00Z') },
  ],
  [
    'resend --endpoint books --failed-since 2026-11-22T10:00+03:00',
    { kind: 'resend-failed', endpoint: 'books', since: new Date('2026-11-22T07:00:00Z') },
  ],
  ['enable books', { kind: 'enable', endpoint: 'books' }],
])('%s is understood', (line, wish) => {
  expect(read(line)).toEqual(wish);
});

test.each([
  ['', 'Say what to do.'],
  ['lists', 'There is no "lists".'],
  ['endpoints books', '"books" is too much.'],
  ['endpoints --limit 1', '--limit does not belong here.'],
  ['list books', '"books" is too much.'],
  ['list --failed-since 2026-11-22', '--failed-since does not belong here.'],
  ['list --status done', '--status is one of pending, delivered, failed, discarded.'],
  ['list --limit 0', '--limit is a whole number from 1 to 1000.'],
  ['list --limit 1001', '--limit is a whole number from 1 to 1000.'],
  ['list --limit 1e2', '--limit is a whole number from 1 to 1000.'],
  ['list --refund x', '--refund is the id of a refund'],
  [`list --refund ${Buffer.from(`Payment:${uuid}`).toString('base64')}`, '--refund is the id of a refund'],
  ['list --all', '--all'],
  ['resend', 'Name the endpoint with --endpoint.'],
  [`resend ${uuid}`, 'Name the endpoint with --endpoint.'],
  ['resend --endpoint books', 'Name one message, or --failed-since.'],
  [`resend ${uuid} --endpoint books --failed-since 2026-11-22`, 'Name one message, or --failed-since.'],
  [`resend ${uuid} ${uuid} --endpoint books`, 'is too much.'],
  ['resend msg_x --endpoint books', 'A message is named by its webhook-id'],
  ['resend --endpoint books --failed-since yesterday', '--failed-since is a day or an instant'],
  ['resend --endpoint books --failed-since 2026-11-22T10:00:00', '--failed-since is a day or an instant'],
  ['resend --endpoint books --failed-since 2026-13-22', '--failed-since is a day or an instant'],
  ['enable', 'Name the code of an endpoint.'],
  ['enable books more', '"more" is too much.'],
  ['enable books --endpoint books', '--endpoint does not belong here.'],
])('"%s" is refused with what is wrong', (line, message) => {
  expect(() => read(line)).toThrow(
    expect.objectContaining({ name: 'WishError', message: expect.stringContaining(message) }),
  );
});
