import type { NewDelivery } from '../../db/webhook-deliveries.ts';
import { isDatabaseUnavailable } from '../../db/unavailable.ts';
import type { WebhookResult } from '../../metrics.ts';
import type { Connection } from '../../providers/connections.ts';
import type {
  WebhookAnswer,
  WebhookEvidence,
  WebhookMessage,
  WebhookReceiver,
  WebhookRefusal,
  WebhookRequest,
} from '../../providers/webhook.ts';
import { settledWithin } from '../background.ts';
import type { World } from '../world.ts';
import type { DeliveryStore } from './delivery-store.ts';
import type { RefusalWatch } from './refusal-watch.ts';
import { isStorable } from './storable.ts';

/** How long a provider waits for messages to be kept, in milliseconds; the shortest patience of a provider is 5 s. */
const keepingLimitMs = 4_000;

/** What became of a request; `answer` is the provider's own, `none`: it is to be sent again. */
export type TakenWebhook =
  | { readonly result: Exclude<WebhookResult, NotNow>; readonly answer: WebhookAnswer }
  | { readonly result: NotNow; readonly answer: undefined };

type NotNow = Extract<WebhookResult, 'unverifiable' | 'full' | 'database-away' | 'overloaded'>;

const resultOf: Readonly<Record<WebhookRefusal, Exclude<WebhookResult, NotNow>>> = {
  NOT_CONFIGURED: 'not-configured',
  FORGED: 'forged',
  STALE: 'stale',
  FOREIGN: 'foreign',
  MALFORMED: 'malformed',
};

export interface WebhookTaking {
  readonly world: Pick<World, 'log' | 'background'>;
  readonly store: DeliveryStore;
  readonly watch: RefusalWatch;
}

/** Verifies a request, and keeps its messages before its provider hears that they were taken. */
export async function takeWebhook(
  taking: WebhookTaking,
  connection: Connection,
  receiver: WebhookReceiver,
  request: WebhookRequest,
): Promise<TakenWebhook> {
  const { watch } = taking;
  const reading = await receiver.read(connection.access, request);
  if (reading.kind === 'unavailable') return { result: 'unverifiable', answer: undefined };
  if (reading.kind === 'refused') {
    if (reading.reason !== 'MALFORMED') watch.refused(connection, reading.reason);
    return { result: resultOf[reading.reason], answer: reading.answer };
  }
  watch.verified(connection);
  const { messages, answer } = reading;
  if (messages.length === 0) return { result: 'nothing', answer };
  if (!isStorable(messages))
    return { result: 'malformed', answer: { status: 400, contentType: 'text/plain', body: '' } };
  const kept = await keep(
    taking,
    messages.map((message) => deliveryOf(connection, receiver, message)),
  );
  if (kept !== 'stored') return { result: kept, answer: undefined };
  return { result: 'stored', answer };
}

async function keep(
  { store, world }: WebhookTaking,
  deliveries: readonly NewDelivery[],
): Promise<'stored' | 'full' | 'database-away'> {
  let result: 'stored' | 'full' | 'database-away' = 'database-away';
  const keeping = world.background.run('keep webhook messages', async () => {
    try {
      result = (await store.keep(deliveries)) ? 'stored' : 'full';
    } catch (error) {
      // The log of the pool tells of an outage; a line for each message would be a flood.
      if (!isDatabaseUnavailable(error)) throw error;
    }
  });
  await settledWithin(keeping, keepingLimitMs);
  return result;
}

const deliveryOf = (
  { merchantId, accountId }: Connection,
  { verifiedBy }: WebhookReceiver,
  { event, deduplicationKey, subject, evidence }: WebhookMessage,
): NewDelivery => ({
  merchantId,
  accountId,
  deduplicationKey,
  event,
  ...subject,
  evidence: evidence === undefined ? null : storedEvidence(evidence),
  isUnsigned: verifiedBy === 'NOTHING',
  times: 1,
});

const storedEvidence = ({ status, rawStatus, amount, at }: WebhookEvidence): NewDelivery['evidence'] => ({
  status,
  rawStatus,
  amount: amount && { minor: String(amount.minor), currency: amount.currency },
  at: at.toISOString(),
});
