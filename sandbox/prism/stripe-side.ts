import { ControlError } from '../control-error.ts';
import type {
  ConsoleRefund,
  LedgerPayment,
  NewPayment,
  ReadyPayment,
  Settlement,
  Simulator,
} from '../simulator.ts';
import { DEFAULT_ACCOUNT } from './accounts.ts';

/** The part of the Stripe simulator that stands behind the connector `stripe`. */
export type StripeSimulator = Pick<
  Simulator,
  'createPayment' | 'readyPayments' | 'consoleRefund' | 'settle' | 'mode' | 'setMode' | 'ledger'
>;

/**
 * The connector `stripe`: the Stripe simulator's account `prism-demo` on its own port, seen as a part of provider `prism` by
 * the control API. Requests, faults, notifications and credentials stay with provider `stripe`.
 */
export class StripeSide {
  readonly #stripe: StripeSimulator | undefined;

  constructor(stripe: StripeSimulator | undefined) {
    this.#stripe = stripe;
  }

  /** Throws ControlError when there is no Stripe simulator. */
  createPayment({ account = DEFAULT_ACCOUNT, ...payment }: NewPayment): string {
    if (account !== DEFAULT_ACCOUNT)
      throw new ControlError('account', `behind stripe there is only ${DEFAULT_ACCOUNT}`);
    if (this.#stripe === undefined)
      throw new ControlError('connector', 'is needed: without a Stripe simulator adyen or checkout');
    return this.#stripe.createPayment({ ...payment, account, connector: undefined });
  }

  readyPayments(): ReadyPayment[] {
    return (this.#stripe?.readyPayments() ?? []).filter(({ account }) => account === DEFAULT_ACCOUNT);
  }

  ledger(reference?: string): LedgerPayment[] {
    return (this.#stripe?.ledger(reference) ?? [])
      .filter(({ account }) => account === DEFAULT_ACCOUNT)
      .map((payment) => ({ ...payment, provider: 'prism' }));
  }

  /** The refund's id, or undefined when the payment is not one of these. */
  consoleRefund(refund: ConsoleRefund): string | undefined {
    return this.ledger(refund.reference).length === 0 ? undefined : this.#stripe?.consoleRefund(refund);
  }

  /** Ends these refunds only: those of other Stripe accounts stay pending. */
  settle(settlement: Settlement): string[] {
    const refunds = this.ledger().flatMap((payment) => payment.refunds);
    const meant = refunds.filter(({ id, status }) =>
      settlement.refundId === undefined ? status === 'pending' : id === settlement.refundId,
    );
    const { all: _, ...one } = settlement;
    return meant.flatMap(({ id }) => this.#stripe?.settle({ ...one, refundId: id }) ?? []);
  }

  owns(refundId: string): boolean {
    return this.ledger().some(({ refunds }) => refunds.some(({ id }) => id === refundId));
  }

  mode(): Record<string, unknown> | undefined {
    return this.#stripe?.mode();
  }

  setMode(mode: Record<string, unknown>): void {
    this.#stripe?.setMode(mode);
  }
}
