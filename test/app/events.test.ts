import { Webhook } from 'standardwebhooks';
import { afterAll, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import { DEMO_EVENTS_SECRET } from '../../src/config/demo.ts';
import { startEventReceiver, type EventReceiver, type ReceivedEvent } from '../support/event-receiver.ts';
import { newPayment, refund } from './refund.ts';
import { control, createPlace, environmentOf, run, runDemo, type Place, type Service } from './service.ts';

let place: Place;
let receiver: EventReceiver;
let service: Service;
let url: string;
beforeAll(async () => {
  place = await createPlace();
  receiver = await startEventReceiver();
  service = runDemo(place, { DEMO_EVENTS_URL: receiver.url });
  url = await service.url();
});
afterAll(async () => {
  await place.remove();
  await receiver.close();
});
beforeEach(() => {
  receiver.received.length = 0;
  receiver.answer = () => 204;
});

/** What the receiver's library makes of a delivery; throws when the signature is not ours. */
const verified = ({ body, headers }: ReceivedEvent): unknown =>
  new Webhook(DEMO_EVENTS_SECRET).verify(body, headers as Record<string, string>);

const eventsOf = (refundId: string | undefined) =>
  receiver.received.filter((event) => event.data.refund?.id === refundId);
const ofType = (type: string) => receiver.received.filter((event) => event.type === type);

/** Runs a command beside the demo. */
async function events(...args: string[]) {
  const command = run(['events', ...args], {
    DEMO: '1',
    LOG_LEVEL: 'warn',
    ...environmentOf(place),
  });
  const code = await command.exit;
  return { code, stdout: command.stdout(), stderr: command.stderr() };
}

/** A refund whose last event has arrived. */
async function refunded(key: string): Promise<string> {
  const made = await refund(url, await newPayment(place), key);
  const id = made.refund!.id;
  await vi.waitFor(() => expect(eventsOf(id).at(-1)).toMatchObject({ type: 'refund.finalized' }), 10_000);
  return id;
}

test('the events of a refund arrive in order, and a library of the specification verifies them', async () => {
  const id = await refunded('events-in-order');
  const arrived = eventsOf(id);
  expect(arrived[0]).toMatchObject({ type: 'refund.created', data: { refund: { version: 1 } } });
  const versions = arrived.map(({ data }) => data.refund.version);
  expect(versions).toEqual(versions.toSorted((left, right) => left - right));
  expect(new Set(versions).size).toBe(versions.length);
  for (const event of arrived) expect(verified(event)).toMatchObject({ data: { refund: { id } } });
  expect(arrived.at(-1)?.data.refund).toMatchObject({
    status: 'SUCCEEDED',
    isFinal: true,
    moneyMovement: 'RETURNED',
    amount: { value: '10.00', currency: 'RUB', minorUnits: '1000' },
  });
  const forged = { ...arrived[0]!, body: arrived[0]!.body.replace('"10.00"', '"99.00"') };
  expect(() => verified(forged)).toThrow('No matching signature');
});

test('alerts arrive at the endpoint of the operator, signed as well', async () => {
  await control(place, 'POST', 'faults', {
    provider: 'yookassa',
    operation: 'createRefund',
    kind: 'unauthorized',
    times: 1,
  });
  await refund(url, await newPayment(place), 'refused-credentials');
  await vi.waitFor(() => expect(ofType('alert.raised')).toHaveLength(1), 10_000);
  const [alert] = ofType('alert.raised');
  expect(verified(alert!)).toEqual({
    type: 'alert.raised',
    timestamp: expect.stringMatching(/^\d{4}-.*Z$/),
    data: {
      code: 'ACCOUNT_CREDENTIALS_REFUSED',
      message: expect.stringContaining('credentials'),
      details: expect.objectContaining({ account: 'yookassa-demo' }),
      repeated: 0,
    },
  });
  // The pause of the account ends with the next send that the provider takes.
  await refund(url, await newPayment(place), 'taken-credentials');
});

test('deliveries are listed and sent again by hand, with the same id and bytes', async () => {
  const id = await refunded('listed-and-resent');
  const endpoints = await events('endpoints');
  expect(endpoints).toMatchObject({ code: 0 });
  expect(endpoints.stdout).toMatch(/^alerts-demo +the operator +ok +0 .*http:\/\/127\.0\.0\.1/m);
  expect(endpoints.stdout).toMatch(/^events-demo +demo +ok +0 /m);

  const listed = await events('list', '--refund', id, '--status', 'delivered');
  expect(listed).toMatchObject({ code: 0 });
  const first = eventsOf(id)[0]!;
  expect(listed.stdout.trimEnd().split('\n')).toHaveLength(1 + eventsOf(id).length);
  expect(listed.stdout.trimEnd().split('\n').at(-1)).toContain(`${first.id}  events-demo  refund.created`);

  const before = receiver.received.length;
  expect(await events('resend', first.id, '--endpoint', 'events-demo')).toMatchObject({ code: 0 });
  await vi.waitFor(() => expect(receiver.received.length).toBe(before + 1), 10_000);
  const again = receiver.received.at(-1)!;
  expect([again.id, again.body]).toEqual([first.id, first.body]);
  verified(again);
});

test('an endpoint that has answered 410 is told of, and gets everything after it was enabled', async () => {
  receiver.answer = (event) => (event.type === 'alert.raised' ? 204 : 410);
  const since = new Date(Date.now() - 60_000).toISOString();
  const made = await refund(url, await newPayment(place), 'receiver-is-gone');
  await vi.waitFor(
    () =>
      expect(ofType('alert.raised').at(-1)?.data).toMatchObject({
        code: 'EVENT_ENDPOINT_GONE',
        details: { endpoint: 'events-demo' },
      }),
    10_000,
  );
  expect((await events('endpoints')).stdout).toMatch(/^events-demo +demo +disabled \(GONE\) /m);
  expect(await events('resend', '--endpoint', 'events-demo', '--failed-since', since)).toMatchObject({
    code: 1,
    stdout: '',
    stderr: 'events-demo is disabled. Enable it first: npm run events -- enable events-demo\n',
  });

  receiver.answer = () => 204;
  receiver.received.length = 0;
  expect(await events('enable', 'events-demo')).toMatchObject({ code: 0 });
  const resent = await events('resend', '--endpoint', 'events-demo', '--failed-since', since);
  expect(resent.stdout).toMatch(/^\d+ messages? (is|are) sent to events-demo again\.\n$/);
  await vi.waitFor(() => expect(eventsOf(made.refund?.id)[0]?.type).toBe('refund.created'), 10_000);
});

test('an alert of a command arrives, too', async () => {
  const restored = run(['restored'], { DEMO: '1', ...environmentOf(place) });
  expect(await restored.exit).toBe(0);
  await vi.waitFor(
    () => expect(ofType('alert.raised').at(-1)?.data).toMatchObject({ code: 'EPOCH_OPENED' }),
    10_000,
  );
});

test('what does not exist or makes no sense is said in a line, with an exit code', async () => {
  const unknown = await events('list', '--endpoint', 'nobody');
  expect(unknown).toMatchObject({ code: 1, stdout: '' });
  expect(unknown.stderr).toBe(
    'No endpoint nobody is configured. Configured are: alerts-demo, events-demo.\n',
  );
  const senseless = await events('resend', 'x');
  expect(senseless).toMatchObject({ code: 2, stdout: '' });
  expect(senseless.stderr).toMatch(/^Name the endpoint with --endpoint\.\n\nUsage:/);
});

test('a process whose configuration lacks the endpoints ends them for all, and says so', async () => {
  const worker = run(['worker'], { DEMO: '1', ...environmentOf(place) });
  await vi.waitFor(() => expect(worker.stdout()).toContain('"msg":"working"'), 20_000);
  const told = worker.stdout().match(/"endpoint":"[^"]+","discarded":\d+,"msg":"this configuration/g);
  expect(told).toEqual([
    expect.stringContaining('"endpoint":"alerts-demo"'),
    expect.stringContaining('"endpoint":"events-demo"'),
  ]);
  worker.child.kill('SIGTERM');
  expect(await worker.exit).toBe(0);
  expect((await events('endpoints')).stdout.match(/not configured/g)).toHaveLength(2);
});
