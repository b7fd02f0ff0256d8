import { ask, backoffMs, Problem, sleepFor, type Api, type Sleep } from './ask.ts';

/** What a screen shows of a refund. */
export interface RefundView {
  readonly id: string;
  readonly version: number;
  readonly status: string;
  readonly isFinal: boolean;
  readonly moneyMovement: string;
  readonly summary: string;
  readonly freshness: { readonly isStale: boolean; readonly pollAfterMs: number | null };
}

export const REFUND = `query Refund($id: ID!, $maxAgeSeconds: Int, $waitMs: Int) {
  refund(by: { id: $id }, maxAgeSeconds: $maxAgeSeconds, waitMs: $waitMs) {
    id version status isFinal moneyMovement summary freshness { isStale pollAfterMs }
  }
}`;

/**
 * Without `maxAgeSeconds` the answer is what the service knows by its own looks and the provider's messages, mostly a 304. With
 * it the provider is asked when that is older, and the answer waits for it a little.
 */
export const variablesOf = (id: string, maxAgeSeconds: number | undefined) =>
  maxAgeSeconds === undefined ? { id } : { id, maxAgeSeconds, waitMs: 2_000 };

export interface PollOptions {
  readonly maxAgeSeconds?: number | undefined;
  /** Called with the first answer, and with every later one that is newer. */
  readonly onChange: (refund: RefundView) => void;
  readonly signal?: AbortSignal;
  readonly sleep?: Sleep;
}

/**
 * Asks until nothing more is expected of the refund, and gives it as it is then. How long to wait in between is the
 * service's word alone; trouble on the way is waited out, for as long as it takes.
 *
 * @throws Problem that asking again will not mend: a wrong key, no such refund
 */
export async function pollRefund(api: Api, id: string, options: PollOptions): Promise<RefundView> {
  const { maxAgeSeconds, onChange, signal, sleep = sleepFor } = options;
  const variables = variablesOf(id, maxAgeSeconds);
  let latest: RefundView | undefined;
  let etag: string | undefined;
  for (let failures = 0; ;) {
    let waitMs: number | null;
    try {
      const answer = await ask<{ refund: RefundView | null }>(api, REFUND, variables, { etag, signal });
      failures = 0;
      etag = answer.etag;
      if (answer.data?.refund === null) throw new Problem('There is no such refund.', { code: 'NOT_FOUND' });
      const refund: RefundView | undefined = answer.data?.refund;
      // An answer may overtake another on its way: what was seen counts, not what came last.
      if (refund !== undefined && (latest === undefined || refund.version > latest.version)) {
        latest = refund;
        onChange(latest);
      }
      waitMs = nextPoll(answer.pollAfterMs, refund ?? latest);
    } catch (error) {
      if (!(error instanceof Problem && error.isTemporary)) throw error;
      failures += 1;
      waitMs = backoffMs(failures, error);
    }
    if (waitMs === null && latest !== undefined) return latest;
    await sleep(waitMs ?? 0, signal);
  }
}

/** The header is there with a 304, too, and is newer than what was in the answer that it stands for. */
function nextPoll(fromHeader: number | null | undefined, refund: RefundView | undefined): number | null {
  if (refund?.isFinal === true) return null;
  return fromHeader === undefined ? (refund?.freshness.pollAfterMs ?? null) : fromHeader;
}

if (import.meta.main) {
  const [url = '', apiKey = '', id = ''] = process.argv.slice(2);
  const onChange = ({ status, moneyMovement, summary }: RefundView): void =>
    console.log(status, moneyMovement, summary);
  await pollRefund({ url, apiKey }, id, { onChange });
}
