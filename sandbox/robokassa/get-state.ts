import type { Answer } from '../simulator.ts';
import { jsonAnswer } from '../answers.ts';
import { kopecksOf, wireAmount } from './amount.ts';
import type { RefundRecord } from './records.ts';
import type { Scene } from './scene.ts';
import { say } from './texts.ts';

const LIE_MINOR = 100n;

/** `GET /RefundService/Refund/GetState?id=`: whoever knows the id may ask (docs.robokassa.ru/ru/refund-api). */
export function doGetState(scene: Scene, query: URLSearchParams): Answer {
  const { settings } = scene.store;
  const refund = visibleRefund(scene, query.get('id') ?? '');
  if (refund === undefined) {
    return jsonAnswer(settings.unknownIdStatus, { message: say(settings.texts, 'unknownRequest') });
  }
  const label = scene.fault?.kind === 'unknown-status' ? (scene.fault.word ?? 'under_review') : refund.status;
  const isAmountShown = settings.amountWhileProcessing || refund.status !== 'processing';
  // Written by hand: JSON.stringify cannot print 400.000000.
  const amount = isAmountShown
    ? `"amount": ${wireAmount(shownMinor(scene, refund), settings.decimals)}, `
    : '';
  const requestId = JSON.stringify(refund.id);
  return {
    ...jsonAnswer(200, {}),
    body: `{"requestId": ${requestId}, ${amount}"label": ${JSON.stringify(label)}}`,
  };
}

// Refunds of the cabinet and of v1 have no request id that anybody could ask for.
function visibleRefund({ store, now, fault }: Scene, id: string): RefundRecord | undefined {
  const refund = store.refunds.get(id.toLowerCase());
  const lagSeconds = fault?.kind === 'list-lag' ? (fault.seconds ?? 0) : store.settings.visibleAfterSeconds;
  return refund?.origin === 'v2' && refund.at + lagSeconds * 1_000 <= now ? refund : undefined;
}

function shownMinor({ fault }: Scene, { amountMinor }: RefundRecord): bigint {
  if (fault?.kind !== 'wrong-amount') return amountMinor;
  return (fault.amount && kopecksOf(fault.amount.value)) ?? amountMinor + LIE_MINOR;
}
