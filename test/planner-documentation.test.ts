import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import type { ProviderAdapter } from '../src/providers/provider.ts';
import { allAdapters } from '../src/providers/registry.ts';
import { fewestCalls } from '../src/refunds/looks/followed-plan.ts';

const file = '../docs/planner.md';
const page = readFileSync(new URL(file, import.meta.url), 'utf8');

/** What each provider does not have, by its own documentation: its code, or its code and variant. */
const missing: Readonly<Record<string, string>> = {
  yookassa: 'no filter by ids; a filter by status would hide what has just ended',
  razorpay:
    'no filter by ids, no cursor and no published order: a page that is full may be followed by another',
  robokassa: 'no list of refunds and no filter: one id each call',
  stripe: 'no filter by ids',
  'prism adyen': 'refunds cannot be read; its messages tell',
  'prism checkout': 'no list over payments is used: one call tells all actions of one payment',
  'yandex-pay': 'no list over orders: one call tells all operations of one order',
};

const missingOf = ({ code, variant, displayName }: ProviderAdapter): string => {
  const isStripe = displayName === 'Prism: Stripe';
  const known = missing[`${code} ${variant}`] ?? missing[code] ?? (isStripe ? missing['stripe'] : undefined);
  if (known === undefined) throw new Error(`docs/planner.md does not say what ${displayName} lacks`);
  return known;
};

const lists = ({ capabilities }: ProviderAdapter): string => {
  const { listByTime, listByPayment, listPageSize, readsPayments } = capabilities;
  if (readsPayments === false) return 'nothing can be asked';
  const kinds = [...(listByTime ? ['over time'] : []), ...(listByPayment ? ['by payment'] : [])];
  return kinds.length === 0 ? 'none' : `${kinds.join(', ')}; ${listPageSize} a page`;
};

const refunds = (count: number, payments: number) =>
  Array.from({ length: count }, (_, index) => ({ providerPaymentId: `p${index % payments}` }));

const bound = ({ capabilities }: ProviderAdapter, count: number, payments: number): string =>
  String(capabilities.readsPayments === false ? 0 : fewestCalls(capabilities, refunds(count, payments)));

const table = (): string =>
  [
    [
      'provider',
      'lists',
      '250 refunds of 250 payments',
      '250 of 50 payments',
      '250 of one',
      'what is not possible',
    ],
    ['---', '---', '---', '---', '---', '---'],
    ...allAdapters.map((adapter) => [
      adapter.displayName,
      lists(adapter),
      bound(adapter, 250, 250),
      bound(adapter, 250, 50),
      bound(adapter, 250, 1),
      missingOf(adapter),
    ]),
  ]
    .map((cells) => `| ${cells.join(' | ')} |\n`)
    .join('');

test('docs/planner.md has the fewest calls of every provider (renew it with --update)', async () => {
  const renewed = page.replace(
    /(<!-- bounds: begin -->\n).*(<!-- bounds: end -->)/s,
    (_all, begin: string, end: string) => begin + table() + end,
  );
  expect(renewed).toContain('| YooKassa | over time, by payment; 100 a page | 3 | 3 | 3 |');
  expect(renewed).toContain('| RoboKassa | none | 250 | 250 | 250 |');
  expect(renewed).toContain('| Yandex Pay | by payment; 1000 a page | 250 | 50 | 1 |');
  await expect(renewed).toMatchFileSnapshot(file);
});
