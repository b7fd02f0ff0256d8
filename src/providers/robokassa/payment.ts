import { z } from 'zod';
import type { PaymentFacts, PaymentState } from '../provider.ts';
import { DAY_MS, HOLD_MS } from './capabilities.ts';
import { isOpKey } from './ids.ts';
import { CURRENCY, fromWire, isSameSum } from './money.ts';
import type { RoboKassaOptions } from './settings.ts';

/** The parts of an OpStateExt answer that are read (docs.robokassa.ru/ru/xml-interfaces); all of them texts. */
export const wireOperation = z.object({
  State: z.object({ Code: z.string(), StateDate: z.string() }),
  Info: z.object({
    OutSum: z.string(),
    IncSum: z.string().optional(),
    OpKey: z.string().optional(),
    PaymentMethod: z.object({ Code: z.string() }).optional(),
  }),
});

export type WireOperation = z.infer<typeof wireOperation>;

/**
 * The states of an operation (docs.robokassa.ru/ru/xml-interfaces). A refund never changes 100. At 50 and 80 RoboKassa
 * has the money and the shop has not; at 60 it went back to the buyer.
 */
const states: ReadonlyMap<string, PaymentState> = new Map([
  ['5', 'PENDING'],
  ['10', 'CANCELED'],
  ['20', 'AUTHORIZED'],
  ['50', 'PENDING'],
  ['60', 'CANCELED'],
  ['80', 'PENDING'],
  ['100', 'CAPTURED'],
]);

/** Being credited, or dealt with by hand: refundable later, or never, but not now. */
export const isNotYetRefundable = (rawStatus: string): boolean => rawStatus === '50' || rawStatus === '80';

/** In the handles: the buyer paid a surcharge, so that only the whole payment goes back, at once. */
export const SURCHARGED = 'surcharged';

/** What an operation says of its payment; undefined for a sum or time that cannot be read exactly. */
export function paymentFacts(
  invoiceId: string,
  { State, Info }: WireOperation,
  { refundWindowDays }: Pick<RoboKassaOptions, 'refundWindowDays'>,
): PaymentFacts | undefined {
  // A state that is not known is PENDING, in which nothing can be refunded; rawStatus keeps it.
  const state = states.get(State.Code) ?? 'PENDING';
  const outMinor = fromWire(Info.OutSum);
  const at = fromXmlTime(State.StateDate);
  const isCaptured = state === 'CAPTURED';
  if (outMinor === undefined || at === undefined || (isCaptured && Info.IncSum === undefined))
    return undefined;
  const isSurcharged = Info.IncSum !== undefined && !isSameSum(Info.IncSum, Info.OutSum);
  return {
    providerPaymentId: invoiceId,
    handles: {
      ...(isOpKey(Info.OpKey) ? { opKey: Info.OpKey } : {}),
      ...(isCaptured && isSurcharged ? { [SURCHARGED]: 'true' } : {}),
    },
    orderReference: null,
    state,
    rawStatus: State.Code,
    // What the shop receives: the base of refunds. IncSum is what the buyer paid.
    amount: { minor: outMinor, currency: CURRENCY },
    capturedMinor: isCaptured ? outMinor : 0n,
    refundedMinor: null,
    refundableByProvider: isCaptured,
    wholeOnly: isCaptured && isSurcharged,
    method: Info.PaymentMethod?.Code ?? null,
    // The time of the state is the only one that is told.
    createdAt: at,
    capturedAt: isCaptured ? at : null,
    holdExpiresAt: state === 'AUTHORIZED' ? new Date(at.getTime() + HOLD_MS) : null,
    refundWindowClosesAt:
      isCaptured && refundWindowDays !== undefined
        ? new Date(at.getTime() + refundWindowDays * DAY_MS)
        : null,
    sources: [],
    items: [],
  };
}

const XML_TIME = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,3})\d*)?(Z|[+-]\d\d:\d\d)$/;

/** With up to seven digits of a second, of which three are kept. */
function fromXmlTime(text: string): Date | undefined {
  const [, seconds, fraction = '0', zone] = XML_TIME.exec(text) ?? [];
  if (seconds === undefined) return undefined;
  const at = new Date(`${seconds}.${fraction}${zone}`);
  return Number.isNaN(at.getTime()) ? undefined : at;
}
