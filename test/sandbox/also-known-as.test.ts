import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { SandboxClock } from '../../sandbox/clock.ts';
import { FaultBook, type FaultInput } from '../../sandbox/faults.ts';
import { Journal } from '../../sandbox/journal.ts';
import { ProviderServer } from '../../sandbox/provider-server.ts';
import { RequestLog } from '../../sandbox/request-log.ts';
import { StripeSimulator } from '../../sandbox/stripe/simulator.ts';
import { call, type Reply } from './harness.ts';
import { API_KEY, PRISM_KEY } from './stripe/harness.ts';

describe('a call that is known under two names', () => {
  const journal = Journal.open();
  const clock = new SandboxClock(journal, Date.now);
  let faults: FaultBook;
  let log: RequestLog;
  let server: ProviderServer;
  beforeEach(async () => {
    faults = new FaultBook(journal);
    log = new RequestLog();
    const simulator = new StripeSimulator({ journal, clock, seed: true, webhookUrl: undefined });
    server = new ProviderServer(simulator, { clock, faults, log });
    await server.open(0);
  });
  afterEach(() => server.close());

  const read = (apiKey: string, payment: string): Promise<Reply> =>
    call(`${server.url}/payment_intents/${payment}`, {
      method: 'GET',
      headers: { authorization: `Bearer ${apiKey}` },
    });
  const asStripe = () => read(API_KEY, 'pi_3DemoStripe0000000000001');
  const asPrism = () => read(PRISM_KEY, 'pi_3DemoPrism00000000000001');
  const limited = (provider: string): FaultInput => ({
    provider,
    operation: '*',
    kind: 'rate-limited',
    times: 1,
  });

  it('meets faults that are armed for the other name, which pass everybody else by', async () => {
    faults.add(limited('prism'));
    expect((await asStripe()).status).toBe(200);
    expect((await asPrism()).status).toBe(429);
    expect((await asPrism()).status).toBe(200);
  });

  it('meets faults of its own provider too', async () => {
    faults.add(limited('stripe'));
    expect((await asPrism()).status).toBe(429);
  });

  it('is in the request log of both', async () => {
    await asStripe();
    await asPrism();
    expect(log.read(0, 'stripe').requests.map(({ account }) => account)).toEqual([
      'stripe-demo',
      'prism-demo',
    ]);
    expect(log.read(0, 'prism').requests.map(({ account }) => account)).toEqual(['prism-demo']);
    expect(log.read(0).requests).toHaveLength(2);
  });
});
