import { Books } from '../books.ts';
import type { Journal } from '../journal.ts';
import type { OperationRecord, OrderRecord } from './records.ts';
import { DEFAULT_SETTINGS, type Settings } from './settings.ts';

/** Everything the simulator knows: orders with their operations, external ids, and which operations are due. */
export class Store extends Books<OrderRecord, OperationRecord, Settings> {
  readonly #external = new Map<string, string>();
  readonly #due = new Set<string>();
  readonly #pending = new Map<string, string>();

  /** Reads what the journal remembers. */
  constructor(journal: Journal) {
    super(journal, 'yandex-pay', DEFAULT_SETTINGS);
    this.load(journal);
  }

  /** The merchant's operation of this external id, of whatever type; the newest one when an id was forgotten. */
  findExternal(merchantId: string, externalId: string): OperationRecord | undefined {
    const id = this.#external.get(`${merchantId}/${externalId}`);
    return id === undefined ? undefined : this.refunds.get(id);
  }

  /** The operation of an order that has not ended; there is one at most. */
  findPending(orderId: string): OperationRecord | undefined {
    const id = this.#pending.get(orderId);
    return id === undefined ? undefined : this.refunds.get(id);
  }

  pendingOperations(): OperationRecord[] {
    return [...this.#pending.values()].flatMap((id) => this.refunds.get(id) ?? []);
  }

  /** Pending operations that end by themselves. */
  dueOperations(): OperationRecord[] {
    return [...this.#due].flatMap((id) => this.refunds.get(id) ?? []);
  }

  /** The order of an operation; every stored operation has one. */
  orderOf({ id, paymentId }: Pick<OperationRecord, 'id' | 'paymentId'>): OrderRecord {
    const order = this.payments.get(paymentId);
    if (order === undefined) throw new Error(`operation ${id} without an order`);
    return order;
  }

  protected override get keyLifeMs(): number {
    return this.settings.requestIdLifeSeconds * 1_000;
  }

  protected indexPayment(): void {
    // found by id only
  }

  protected indexRefund(operation: OperationRecord, before: OperationRecord | undefined): void {
    const { id, merchantId, externalId, paymentId, status, due } = operation;
    if (before === undefined && externalId !== null) this.#external.set(`${merchantId}/${externalId}`, id);
    if (status === 'PENDING') this.#pending.set(paymentId, id);
    else if (this.#pending.get(paymentId) === id) this.#pending.delete(paymentId);
    if (status === 'PENDING' && due !== null) this.#due.add(id);
    else this.#due.delete(id);
  }
}
