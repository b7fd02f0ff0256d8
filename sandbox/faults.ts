import type { Journal } from './journal.ts';
import type { WireMoney } from './money.ts';

/** The calls of a provider that a fault can be aimed at; `*` is any of them. */
export const OPERATIONS = [
  'createRefund',
  'getRefund',
  'listRefunds',
  'getPayment',
  'cancelPayment',
  'capturePayment',
  'listPayments',
  'getAccount',
  'updateRefund',
  'cancelRefund',
] as const;
export type Operation = (typeof OPERATIONS)[number];

/** What can go wrong. docs/sandbox.md says for every kind what a caller sees and whether the call took effect. */
export const FAULT_KINDS = [
  'lost-after-effect',
  'lost-before-effect',
  'error-after-effect',
  'error-before-effect',
  'connect-refused',
  'hang',
  'slow',
  'cut-body',
  'rate-limited',
  'unauthorized',
  'forbidden',
  'busy',
  'processing',
  'garbage',
  'wrong-amount',
  'unknown-status',
  'refuse',
  'pending',
  'list-lag',
  'key-in-progress',
  'key-conflict',
  'key-forgotten',
] as const;
export type FaultKind = (typeof FAULT_KINDS)[number];

/** The parameters of a fault; which of them a kind takes is in `FAULT_OPTIONS`. */
export interface FaultOptions {
  ms?: number | undefined;
  seconds?: number | undefined;
  retryAfterMs?: number | undefined;
  status?: number | undefined;
  code?: string | undefined;
  parameter?: string | undefined;
  description?: string | undefined;
  word?: string | undefined;
  amount?: WireMoney | undefined;
  effect?: boolean | undefined;
  when?: 'before' | 'after' | undefined;
  format?: 'html' | 'text' | 'empty' | 'gateway' | 'hollow' | undefined;
}

/** What the control API accepts: a fault for the next `times` matching calls. */
export interface FaultInput extends FaultOptions {
  provider: string;
  operation: Operation | '*';
  kind: FaultKind;
  times: number;
  reference?: string | undefined;
}

export interface Fault extends FaultInput {
  id: number;
}

/** The options each kind understands. Anything else is refused, so that a misspelt script is noticed. */
export const FAULT_OPTIONS: Record<FaultKind, (keyof FaultOptions)[]> = {
  'lost-after-effect': [],
  'lost-before-effect': [],
  'error-after-effect': ['status', 'description'],
  'error-before-effect': ['status', 'description'],
  'connect-refused': ['seconds'],
  hang: ['effect'],
  slow: ['ms', 'when'],
  'cut-body': [],
  'rate-limited': ['retryAfterMs', 'format'],
  unauthorized: ['description'],
  forbidden: ['description'],
  busy: ['retryAfterMs', 'effect'],
  processing: ['retryAfterMs', 'effect'],
  garbage: ['status', 'effect', 'format'],
  'wrong-amount': ['amount'],
  'unknown-status': ['word'],
  refuse: ['code', 'parameter', 'description', 'status'],
  pending: [],
  'list-lag': ['seconds'],
  'key-in-progress': ['status'],
  'key-conflict': [],
  'key-forgotten': [],
};

/** The armed faults, oldest first. A matching call takes the oldest one and uses up one of its `times`. */
export class FaultBook {
  readonly #journal: Journal;
  readonly #faults = new Map<number, Fault>();
  #lastId = 0;

  constructor(journal: Journal) {
    this.#journal = journal;
    for (const value of journal.take('fault').values()) {
      const fault = value as Fault; // our own file
      this.#faults.set(fault.id, fault);
      this.#lastId = Math.max(this.#lastId, fault.id);
    }
  }

  add(input: FaultInput): Fault {
    const fault: Fault = { ...input, id: ++this.#lastId };
    this.#keep(fault);
    return fault;
  }

  list(): Fault[] {
    return [...this.#faults.values()];
  }

  /**
   * The fault for this call, if one is armed for one of the names that its provider goes by. `references` are the ids the call names: a payment, a refund. `applies`
   * lets the simulator pass over kinds that cannot happen to this operation, so that a `*` fault waits for the right call.
   */
  take(
    providers: readonly string[],
    operation: Operation | undefined,
    references: readonly string[],
    applies: (kind: FaultKind, operation: Operation) => boolean,
  ): Fault | undefined {
    if (operation === undefined) return undefined;
    for (const fault of this.#faults.values()) {
      if (!providers.includes(fault.provider) || fault.kind === 'connect-refused') continue;
      if (fault.operation !== '*' && fault.operation !== operation) continue;
      if (fault.reference !== undefined && !references.includes(fault.reference)) continue;
      if (!applies(fault.kind, operation)) continue;
      if (fault.times > 1) this.#keep({ ...fault, times: fault.times - 1 });
      else this.#drop(fault);
      return fault;
    }
    return undefined;
  }

  /** Disarms the faults of one provider, or all of them; returns how many there were. */
  clear(provider?: string): number {
    const cleared = this.list().filter((fault) => provider === undefined || fault.provider === provider);
    for (const fault of cleared) this.#drop(fault);
    return cleared.length;
  }

  /** Disarms one fault. */
  remove(id: number): void {
    const fault = this.#faults.get(id);
    if (fault !== undefined) this.#drop(fault);
  }

  #keep(fault: Fault): void {
    this.#faults.set(fault.id, fault);
    this.#journal.append([{ kind: 'fault', id: String(fault.id), value: fault }]);
  }

  #drop(fault: Fault): void {
    this.#faults.delete(fault.id);
    this.#journal.append([{ kind: 'fault', id: String(fault.id), value: null }]);
  }
}
