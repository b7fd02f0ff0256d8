import fc from 'fast-check';
import type { Model } from './model.ts';
import { Step } from './step.ts';
import type { System } from './system.ts';

const send = 'createRefund';
const reads = ['getPayment', 'getRefund', 'listRefunds'] as const;
const any = [send, send, send, ...reads] as const;

/** Every kind that makes sense, for the calls at which it does. A false amount is believed only of a single refund. */
const kinds: readonly { readonly kind: string; readonly at: readonly string[]; readonly more?: object }[] = [
  { kind: 'lost-after-effect', at: [send] },
  { kind: 'lost-after-effect', at: [send, 'cancelPayment'] },
  { kind: 'lost-before-effect', at: [...any, 'cancelPayment'] },
  { kind: 'error-after-effect', at: [send, 'cancelPayment'] },
  { kind: 'error-before-effect', at: [...any, 'cancelPayment'] },
  { kind: 'cut-body', at: [...any, 'cancelPayment'] },
  { kind: 'rate-limited', at: any },
  { kind: 'unauthorized', at: any },
  { kind: 'busy', at: [send] },
  { kind: 'garbage', at: any },
  { kind: 'wrong-amount', at: [send, 'getRefund'] },
  { kind: 'unknown-status', at: [send, 'getRefund', 'listRefunds'] },
  { kind: 'pending', at: [send] },
  { kind: 'pending', at: [send] },
  { kind: 'list-lag', at: ['listRefunds'], more: { seconds: 7_200 } },
  { kind: 'key-in-progress', at: [send] },
  { kind: 'key-conflict', at: [send] },
  { kind: 'key-forgotten', at: [send] },
  { kind: 'hang', at: [send], more: { effect: true } },
  { kind: 'hang', at: [send], more: { effect: false } },
  { kind: 'slow', at: [send], more: { ms: 100 } },
];

/** A definite no, before anything was done, or as a refund that ended at once. */
const refusals = {
  yookassa: ['insufficient_funds', 'invalid_request'],
  razorpay: ['balance', 'failed'],
} as const;

export interface Trouble {
  readonly provider: 'yookassa' | 'razorpay';
  readonly operation: string;
  readonly kind: string;
  readonly times: number;
  readonly more: object;
}

const provider = fc.constantFrom('yookassa' as const, 'yookassa' as const, 'razorpay' as const);
const common = { provider, times: fc.integer({ min: 1, max: 2 }) };

export const trouble: fc.Arbitrary<Trouble> = fc.oneof(
  {
    weight: kinds.length,
    arbitrary: fc
      .record({ ...common, which: fc.constantFrom(...kinds), at: fc.nat({ max: 11 }) })
      .map(({ which, at, ...rest }) => ({
        ...rest,
        kind: which.kind,
        operation: which.at[at % which.at.length]!,
        more: which.more ?? {},
      })),
  },
  {
    weight: 3,
    arbitrary: fc.record({ ...common, code: fc.nat({ max: 1 }) }).map(({ code, ...rest }) => ({
      ...rest,
      kind: 'refuse',
      operation: send,
      more: { code: refusals[rest.provider][code] },
    })),
  },
);

/** The next call of one kind, or the next two, go wrong. */
export class Fault extends Step {
  readonly #of: Trouble;

  constructor(of: Trouble) {
    super();
    this.#of = of;
  }

  /** A list that hides what is new, and a key that is forgotten, make any client pay twice. */
  override check(model: Readonly<Model>): boolean {
    const { kind } = this.#of;
    if (kind === 'key-forgotten') return !model.kinds.has('list-lag');
    return kind !== 'list-lag' || !model.kinds.has('key-forgotten');
  }

  protected async act(model: Model, system: System): Promise<void> {
    const { provider: at, operation, kind, times, more } = this.#of;
    // Razorpay has no release of holds, and no word for that it is still at it.
    if (at === 'razorpay' && operation === 'cancelPayment') return;
    model.kinds.add(kind);
    await system.t.control('faults', { provider: at, operation, kind, times, ...more });
  }

  override toString(): string {
    const { provider: at, operation, kind, times, more } = this.#of;
    return `Fault(${at} ${operation} ${kind} x${times} ${JSON.stringify(more)})`;
  }
}
