import type { FaultKind, Operation } from '../../sandbox/faults.ts';
import type { Capabilities } from '../../src/providers/provider.ts';
import { capabilities as razorpay } from '../../src/providers/razorpay/capabilities.ts';
import { capabilitiesV2 as robokassa } from '../../src/providers/robokassa/capabilities.ts';
import { capabilities as stripe } from '../../src/providers/stripe/capabilities.ts';
import { capabilitiesOf as yandexPay } from '../../src/providers/yandex-pay/capabilities.ts';
import { capabilities as yookassa } from '../../src/providers/yookassa/capabilities.ts';
import type { Merchant } from './accounts.ts';

export const providerNames = ['yookassa', 'razorpay', 'robokassa', 'yandex-pay', 'stripe', 'prism'] as const;
export type Provider = (typeof providerNames)[number];

/** What is particular to one provider in a run, as data. */
export interface Traits {
  readonly capabilities: Capabilities;
  /** How many of all payments and troubles are its own, by weight. */
  readonly share: number;
  /** The account of each merchant that has one. */
  readonly accounts: Readonly<Partial<Record<Merchant, string>>>;
  /** All with two decimals. */
  readonly currencies: readonly string[];
  /** Operations that any fault may be aimed at. */
  readonly operations: readonly Operation[];
  /** The kinds of fault that happen to some of them only; an empty list: to none. */
  readonly only: Readonly<Partial<Record<FaultKind, readonly Operation[]>>>;
  /** How a refund may be refused, or accepted and then fail. */
  readonly refusals: readonly string[];
  /** What `POST /control/mode` is told; the first one is how it is at the end. */
  readonly modes: readonly Readonly<Record<string, string>>[];
  /** How what is pending there may end. */
  readonly settles: readonly ('succeeded' | 'failed' | 'canceled')[];
  /** Whether it can be proven that it sent a webhook; null: it sends none of its own. */
  readonly webhooks: 'signed' | 'unsigned' | null;
}

const ours = ['createRefund'] as const;
const pending = [{ refunds: 'instant' }, { refunds: 'pending' }] as const;

/**
 * Wrong figures in a list, or of a payment, would be taken as what the provider says; only of the answer to our own
 * request do we know better. What concerns keys concerns the send alone.
 */
const common = {
  'wrong-amount': ours,
  pending: ours,
  refuse: ours,
  busy: ours,
  'key-in-progress': ours,
  'key-conflict': ours,
  'list-lag': ['listRefunds'],
  // 202 is an answer of YooKassa.
  processing: [],
} as const;

const atStripe = {
  capabilities: stripe,
  currencies: ['USD', 'EUR'],
} as const;

export const traits: Readonly<Record<Provider, Traits>> = {
  yookassa: {
    capabilities: yookassa,
    share: 30,
    accounts: { chaos: 'yookassa-demo', other: 'yookassa-other' },
    currencies: ['RUB'],
    operations: ['createRefund', 'getRefund', 'listRefunds', 'getPayment', 'cancelPayment'],
    only: { ...common, processing: ours },
    refusals: ['insufficient_funds', 'not_supported'],
    modes: pending,
    settles: ['succeeded', 'succeeded', 'failed'],
    webhooks: 'unsigned',
  },
  razorpay: {
    capabilities: razorpay,
    share: 15,
    accounts: { chaos: 'razorpay-demo', other: 'razorpay-other' },
    currencies: ['MYR', 'INR'],
    operations: ['createRefund', 'getRefund', 'listRefunds', 'getPayment'],
    only: common,
    refusals: ['failed', 'balance'],
    modes: pending,
    settles: ['succeeded', 'succeeded', 'failed'],
    webhooks: 'signed',
  },
  robokassa: {
    capabilities: robokassa,
    share: 15,
    accounts: { chaos: 'robokassa-demo', other: 'robokassa-other' },
    currencies: ['RUB'],
    operations: ['createRefund', 'getRefund', 'getPayment', 'cancelPayment'],
    // It knows no keys, lists nothing, and its answer to a send names neither an amount nor a status.
    only: {
      ...common,
      unauthorized: ['createRefund', 'getPayment', 'cancelPayment'],
      'list-lag': ['getRefund'],
      'wrong-amount': ['getRefund'],
      'unknown-status': ['getRefund', 'getPayment'],
      busy: [],
      'key-in-progress': [],
      'key-conflict': [],
    },
    refusals: ['NotEnoughOperationFunds', 'OperationRejected'],
    modes: pending,
    settles: ['succeeded', 'succeeded', 'canceled'],
    webhooks: 'signed',
  },
  'yandex-pay': {
    capabilities: yandexPay('ru'),
    share: 15,
    accounts: { chaos: 'yandex-pay-demo', other: 'yandex-pay-other' },
    currencies: ['RUB'],
    operations: ['createRefund', 'getRefund', 'getPayment', 'cancelPayment'],
    only: {
      ...common,
      'list-lag': ['getRefund', 'getPayment'],
      busy: ['createRefund', 'cancelPayment'],
      'key-in-progress': [],
    },
    refusals: ['failed', 'forced'],
    modes: [
      { refunds: 'instant', holdOperations: 'instant' },
      { refunds: 'pending', holdOperations: 'instant' },
      { refunds: 'pending', holdOperations: 'pending' },
    ],
    settles: ['succeeded', 'succeeded', 'failed'],
    webhooks: 'signed',
  },
  stripe: {
    ...atStripe,
    share: 15,
    accounts: { chaos: 'stripe-demo', other: 'stripe-other' },
    currencies: ['USD', 'EUR'],
    operations: ['createRefund', 'getRefund', 'listRefunds', 'getPayment', 'cancelPayment', 'cancelRefund'],
    only: { ...common, busy: ['createRefund', 'cancelRefund', 'cancelPayment'] },
    refusals: ['insufficient_funds', 'lost_or_stolen_card'],
    modes: [...pending, { refunds: 'requires_action' }],
    settles: ['succeeded', 'succeeded', 'failed', 'canceled'],
    webhooks: 'signed',
  },
  // Its connector is Stripe: faults of keys and refused connections are armed there, for both accounts.
  prism: {
    ...atStripe,
    share: 10,
    accounts: { chaos: 'prism-demo' },
    operations: ['createRefund', 'listRefunds', 'getPayment', 'cancelPayment'],
    only: {
      ...common,
      'unknown-status': ['createRefund', 'cancelPayment', 'getPayment'],
      busy: [],
      'key-in-progress': [],
      'key-conflict': [],
      'connect-refused': [],
    },
    refusals: ['insufficient_funds', 'charge_disputed'],
    modes: pending,
    settles: ['succeeded', 'succeeded', 'failed'],
    webhooks: null,
  },
};

/** Those that tell of events; those of an account behind Prism come from Stripe. */
export const tellers = providerNames.filter((name) => traits[name].webhooks !== null);

/** The provider of an account. */
export function providerOf(account: string): Provider {
  const found = providerNames.find((name) => Object.values(traits[name].accounts).includes(account));
  if (found === undefined) throw new RangeError(`no provider has the account ${account}`);
  return found;
}

/** The operations that a kind of fault may happen to; empty: it cannot happen at this provider. */
export const operationsOf = (provider: Provider, kind: FaultKind): readonly Operation[] =>
  traits[provider].only[kind] ?? traits[provider].operations;
