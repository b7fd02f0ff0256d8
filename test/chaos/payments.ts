import type { PlannedPayment } from './plan-payments.ts';
import type { Stage } from './stage.ts';
import { decimal, type LivePayment } from './wish.ts';

/** Makes a planned payment at its provider, as if a buyer had paid it. */
export async function makePayment(
  { control }: Pick<Stage, 'control'>,
  payment: PlannedPayment,
): Promise<LivePayment> {
  const { provider, account, currency, minor, kind, lines } = payment;
  const half = Math.floor(minor / 200) * 100;
  const sources =
    kind === 'split'
      ? [
          { seller: '200601', minor: half },
          { seller: '200602', minor: minor - half },
        ]
      : [];
  const money = (amount: number) => ({ value: decimal(amount), currency });
  const items = lines.map(({ id, quantity, unitMinor }) => ({
    id,
    title: id,
    quantity: String(quantity),
    unitPrice: money(unitMinor),
  }));
  const { reference } = await control<{ reference: string }>('payments', {
    provider,
    account,
    amount: money(minor),
    ...(kind === 'hold' ? { status: 'authorized' } : {}),
    ...(kind === 'items' ? { items } : {}),
    ...(kind === 'split'
      ? {
          sources: sources.map((source) => ({
            account: source.seller,
            amount: money(source.minor),
            platformFee: money(Math.floor(source.minor / 10)),
          })),
        }
      : {}),
  });
  return { ...payment, reference, sources };
}
