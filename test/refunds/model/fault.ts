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

const refusal = {
  weight: 3,
  arbitrary: fc
    .nat({ max: 1 })
    .map((code) => ({ kind: 'refuse', operation: send, code: code as 0 | 1, more: {} })),
};

const anyKind = fc.oneof(
  {
    weight: kinds.length,
    arbitrary: fc
      .record({ which: fc.constantFrom(...kinds), at: fc.nat({ max: 11 }) })
      .map(({ which, at }) => ({
        kind: which.kind,
        operation: which.at[at % which.at.length]!,
        more: which.more ?? {},
      })),
  },
  refusal,
);

const provider = fc.constantFrom('yookassa' as const, 'yookassa' as const, 'razorpay' as const);

export const trouble: fc.Arbitrary<Trouble> = fc
  .record({ provider, times: fc.integer({ min: 1, max: 2 }), what: anyKind })
  .map(({ what, ...rest }) => ({ ...rest, ...what, more: moreOf(rest.provider, what) }));

/** What goes wrong with one send, at whichever provider it is; null: nothing. */
export const sendTrouble: fc.Arbitrary<SendTrouble | null> = fc.option(
  fc.oneof(
    {
      weight: kinds.length,
      arbitrary: fc
        .constantFrom(...kinds.filter(({ at }) => at.includes(send)))
        .map(({ kind, more = {} }) => ({ kind, operation: send, more })),
    },
    refusal,
  ),
  { freq: 2 },
);
export interface SendTrouble {
  readonly kind: string;
  readonly more: object;
  readonly code?: 0 | 1;
}

const moreOf = (at: Trouble['provider'], { code, more }: Omit<SendTrouble, 'kind'>): object =>
  code === undefined ? more : { code: refusals[at][code] };

/** Arms it for the next send to this provider, unless it and an earlier one make any client pay twice. */
export async function armSend(
  model: Model,
  system: System,
  at: Trouble['provider'],
  of: SendTrouble | null,
): Promise<void> {
  if (of === null || !mayHappen(model, of.kind)) return;
  model.kinds.add(of.kind);
  const { kind } = of;
  await system.t.control('faults', { provider: at, operation: send, kind, ...moreOf(at, of) });
}

/** A list that hides what is new, and a key that is forgotten, make any client pay twice. */
function mayHappen(model: Readonly<Model>, kind: string): boolean {
  if (kind === 'key-forgotten') return !model.kinds.has('list-lag');
  return kind !== 'list-lag' || !model.kinds.has('key-forgotten');
}

/** The next call of one kind, or the next two, go wrong. */
export class Fault extends Step {
  readonly #of: Trouble;

  constructor(of: Trouble) {
    super();
    this.#of = of;
  }

  override check(model: Readonly<Model>): boolean {
    return mayHappen(model, this.#of.kind);
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
