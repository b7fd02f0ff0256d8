import { decimal } from '../split-steps.ts';
import type { Model, ModelPayment } from './model.ts';
import { Step } from './step.ts';
import type { System } from './system.ts';

/** Somebody returns a part of a payment in the provider's own console; we learn of it by looking. */
export class ConsoleRefund extends Step {
  readonly #payment: number;
  readonly #permille: bigint;
  readonly #seller: number;

  constructor({ payment, permille, seller }: { payment: number; permille: bigint; seller: number }) {
    super();
    this.#payment = payment;
    this.#permille = permille;
    this.#seller = seller;
  }

  protected async act(model: Model, system: System): Promise<void> {
    const payment = model.payment(this.#payment);
    if (payment.kind === 'hold') return;
    const { provider, paymentId: reference, currency } = payment;
    const account = ['200601', '200602'][this.#seller]!;
    const left = await leftAtProvider(system, payment, payment.kind === 'split' ? account : undefined);
    const minor = (left * this.#permille) / 1_000n;
    if (minor < 100n) return;
    const amount = { value: decimal(minor), currency };
    const source = payment.kind === 'split' ? { source: { account } } : {};
    await system.t.control('console-refund', { provider, reference, amount, ...source });
    payment.consoleRefunds += 1;
  }

  override toString(): string {
    return `ConsoleRefund(payment ${this.#payment}, ${this.#permille} permille, seller ${this.#seller})`;
  }
}

const captured: Record<string, bigint> = { '200601': 90_000n, '200602': 60_000n };

async function leftAtProvider(system: System, payment: ModelPayment, seller?: string): Promise<bigint> {
  const { refunds } = await system.t.ledgerOf(payment.paymentId);
  const alive = refunds.filter(({ status }) => !['canceled', 'failed'].includes(status));
  const sources = alive.flatMap((refund) => refund.sources);
  const taken = sources
    .filter(({ account }) => seller === undefined || account === seller)
    .reduce((sum, { amountMinor }) => sum + BigInt(amountMinor), 0n);
  return (seller === undefined ? payment.amountMinor : captured[seller]!) - taken;
}
