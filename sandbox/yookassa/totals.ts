import type { RefundRecord } from './records.ts';

/** What refunds take from one store of a split payment, pending ones included. */
export interface SourceTotals {
  amountMinor: bigint;
  feeMinor: bigint;
}

/** What refunds take from one payment. A canceled refund takes nothing. */
export class Totals {
  succeededMinor = 0n;
  pendingMinor = 0n;
  readonly #sources = new Map<string, SourceTotals>();

  source(accountId: string): SourceTotals {
    return this.#sources.get(accountId) ?? { amountMinor: 0n, feeMinor: 0n };
  }

  add(refund: RefundRecord): void {
    this.#count(refund, 1n);
  }

  remove(refund: RefundRecord): void {
    this.#count(refund, -1n);
  }

  #count(refund: RefundRecord, sign: bigint): void {
    if (refund.status === 'canceled') return;
    if (refund.status === 'succeeded') this.succeededMinor += sign * refund.amountMinor;
    else this.pendingMinor += sign * refund.amountMinor;
    for (const source of refund.sources) {
      const before = this.source(source.accountId);
      this.#sources.set(source.accountId, {
        amountMinor: before.amountMinor + sign * source.amountMinor,
        feeMinor: before.feeMinor + sign * (source.feeMinor ?? 0n),
      });
    }
  }
}
