import { merchants, type Merchant } from './accounts.ts';
import { providerNames, traits, type Provider } from './providers.ts';
import type { Random } from './random.ts';

/** A line of a cart; its price in minor units of the payment's currency. */
export interface Line {
  readonly id: string;
  readonly quantity: number;
  readonly unitMinor: number;
}

/** A payment of the run. */
export interface PlannedPayment {
  readonly provider: Provider;
  readonly merchant: Merchant;
  readonly account: string;
  readonly currency: string;
  readonly minor: number;
  readonly kind: PaymentKind;
  /** Of a payment with items. */
  readonly lines: readonly Line[];
}

const kindWeights = { plain: 6, split: 2, items: 3, hold: 1 } as const;
export type PaymentKind = keyof typeof kindWeights;

/** What can be done with a payment at a provider, by its capabilities. */
export function kindsOf(provider: Provider): readonly PaymentKind[] {
  const { splitRefunds, itemRefunds, voidAuthorized } = traits[provider].capabilities;
  const can: Readonly<Record<PaymentKind, boolean>> = {
    plain: true,
    split: splitRefunds,
    items: itemRefunds,
    hold: voidAuthorized,
  };
  return (Object.keys(can) as PaymentKind[]).filter((kind) => can[kind]);
}

export function planPayment(random: Random, at?: Provider): PlannedPayment {
  const provider = at ?? pickProvider(random);
  const { accounts, currencies } = traits[provider];
  const able = Object.fromEntries(kindsOf(provider).map((kind) => [kind, kindWeights[kind]]));
  const kind = random.weighted(able) as PaymentKind;
  const isOther = random.chance(0.15) && accounts.other !== undefined;
  const merchant = merchants[isOther ? 1 : 0];
  const lines = kind === 'items' ? planLines(random) : [];
  const total = lines.reduce((sum, { quantity, unitMinor }) => sum + quantity * unitMinor, 0);
  return {
    provider,
    merchant,
    account: accounts[merchant]!,
    currency: random.pick(currencies),
    minor: kind === 'items' ? total : random.int(1_000, 9_000) * 100,
    kind,
    lines,
  };
}

const planLines = (random: Random): Line[] =>
  Array.from({ length: random.int(2, 3) }, (_, index) => ({
    id: `line-${index + 1}`,
    quantity: random.int(1, 5),
    unitMinor: random.int(100, 900) * 100,
  }));

/** By their shares. */
export const pickProvider = (random: Random, of: readonly Provider[] = providerNames): Provider =>
  random.weighted(Object.fromEntries(of.map((name) => [name, traits[name].share]))) as Provider;
