import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startSandbox, type Sandbox } from '../../sandbox/sandbox.ts';
import { FAULT_KINDS, OPERATIONS, type FaultKind } from '../../sandbox/faults.ts';
import { faultWeights, planFault } from './plan-faults.ts';
import { kindsOf, planPayment } from './plan-payments.ts';
import { makePayment } from './payments.ts';
import { makePlan } from './plan.ts';
import { operationsOf, providerNames, tellers, traits } from './providers.ts';
import { Random } from './random.ts';

let sandbox: Sandbox;

beforeAll(async () => {
  sandbox = await startSandbox({ seed: false });
});
afterAll(() => sandbox.close());

const control = async <T>(route: string, body?: unknown): Promise<T> => {
  const answer = await fetch(`${sandbox.controlUrl}/control/${route}`, {
    method: 'POST',
    body: JSON.stringify(body),
  });
  if (!answer.ok) throw new Error(`${route} ${JSON.stringify(body)}: ${await answer.text()}`);
  return (await answer.json()) as T;
};

const isTaken = (route: string, body: unknown): Promise<boolean> =>
  control(route, body).then(
    () => true,
    () => false,
  );

describe.each(providerNames)('what is planned for %s', (provider) => {
  test('every fault is one that the sandbox takes', async () => {
    const random = new Random(provider);
    for (let count = 0; count < 400; count += 1) await control('faults', planFault(random, provider));
  });

  test('every kind that can happen to a call of ours is planned', async () => {
    const options: Partial<Record<FaultKind, object>> = {
      'list-lag': { seconds: 5 },
      refuse: { code: traits[provider].refusals[0] },
    };
    const kinds = Object.keys(faultWeights) as (keyof typeof faultWeights)[];
    for (const kind of kinds) {
      const wanted = traits[provider].operations.map((operation) => ({
        provider,
        kind,
        operation,
        ...options[kind],
      }));
      const taken = await Promise.all(wanted.map((fault) => isTaken('faults', fault)));
      const isPlanned = operationsOf(provider, kind).length > 0;
      // A refused connection is Stripe's, also for what is behind Prism.
      if (provider === 'prism' && kind === 'connect-refused') continue;
      expect([kind, isPlanned]).toEqual([kind, taken.includes(true)]);
    }
  });

  test('every mode, and every end of what is pending, is known', async () => {
    for (const mode of traits[provider].modes) await control('mode', { provider, ...mode });
    for (const status of traits[provider].settles) await control('settle', { provider, all: true, status });
  });

  test('every payment can be made, of every kind that its capabilities allow', async () => {
    const random = new Random(provider);
    const planned = Array.from({ length: 60 }, () => planPayment(random, provider));
    for (const payment of planned) await makePayment({ control }, payment);
    expect(new Set(planned.map(({ kind }) => kind))).toEqual(new Set(kindsOf(provider)));
    expect(new Set(planned.map(({ account }) => account))).toEqual(
      new Set(Object.values(traits[provider].accounts)),
    );
  });
});

test('what is done with payments follows the capabilities of each provider', () => {
  expect(Object.fromEntries(providerNames.map((name) => [name, kindsOf(name)]))).toEqual({
    yookassa: ['plain', 'split', 'hold'],
    razorpay: ['plain'],
    robokassa: ['plain', 'hold'],
    'yandex-pay': ['plain', 'items', 'hold'],
    stripe: ['plain', 'hold'],
    prism: ['plain', 'hold'],
  });
});

test('a kind of fault that is new in the sandbox has to get a weight', () => {
  expect([...Object.keys(faultWeights), 'key-forgotten'].toSorted()).toEqual([...FAULT_KINDS].toSorted());
  const aimed = new Set(providerNames.flatMap((name) => traits[name].operations));
  expect(OPERATIONS.filter((operation) => !aimed.has(operation))).toEqual([
    'capturePayment',
    'listPayments',
    'getAccount',
    'updateRefund',
  ]);
});

test('webhooks can be switched where they come from', async () => {
  for (const provider of tellers)
    await control('webhooks', { provider, mode: 'forge', url: 'http://127.0.0.1:9/webhooks/{account}' });
});

test('every provider has its troubles of every kind', () => {
  const { troubles, payments } = makePlan(new Random('plan 4'), 600);
  expect(new Set(payments.map(({ provider }) => provider))).toEqual(new Set(providerNames));
  for (const provider of providerNames) {
    const kinds = troubles.flatMap((trouble) => {
      if (trouble.kind === 'provider') return trouble.fault.provider === provider ? [trouble.kind] : [];
      if ('proxy' in trouble) return trouble.proxy === provider ? [trouble.kind] : [];
      return 'provider' in trouble && trouble.provider === provider ? [trouble.kind] : [];
    });
    const told = traits[provider].webhooks === null ? [] : ['webhooks'];
    expect(new Set(kinds)).toEqual(
      new Set(['provider', 'mode', 'settle', 'cut', 'delay', 'hold', 'refuse', ...told]),
    );
  }
  const modes = troubles.flatMap((trouble) => (trouble.kind === 'webhooks' ? [trouble.mode] : []));
  expect(new Set(modes)).toEqual(new Set(['on', 'duplicate', 'reorder', 'forge', 'off']));
});

test('a seed is one plan', () => {
  const plan = (seed: string) => JSON.stringify(makePlan(new Random(seed), 60));
  expect(plan('4')).toBe(plan('4'));
  expect(plan('4')).not.toBe(plan('5'));
});
