import { robokassaV2 } from '../../../src/providers/robokassa/index.ts';
import {
  options as optionsSchema,
  type RoboKassaCredentials,
  type RoboKassaOptions,
} from '../../../src/providers/robokassa/settings.ts';
import type { AccountAccess } from '../../../src/providers/provider.ts';
import type { WebhookReading } from '../../../src/providers/webhook.ts';
import { credentials, NOW } from './shop.ts';

const noCall = (): never => {
  throw new Error('a notification is no reason to call anybody');
};

/** A shop as its notifications meet it. */
export const accessOf = (
  more: { options?: object } = {},
): AccountAccess<RoboKassaCredentials, RoboKassaOptions> => ({
  code: 'shop',
  credentials,
  options: optionsSchema.parse(more.options ?? {}),
  http: { read: noCall, send: noCall, isGivenUp: noCall, readsWithin: noCall },
  clock: { now: () => NOW },
});

export const readBody = async (
  body: string | Buffer,
  more: { options?: object } = {},
): Promise<WebhookReading> =>
  robokassaV2.webhooks!.read(accessOf(more), {
    method: 'POST',
    query: '',
    headers: {},
    body: Buffer.from(body),
  });

export const readQuery = async (query: string): Promise<WebhookReading> =>
  robokassaV2.webhooks!.read(accessOf(), { method: 'GET', query, headers: {}, body: Buffer.alloc(0) });

/** The word for what became of it. */
export async function fateOf(body: string | Buffer, more: { options?: object } = {}): Promise<string> {
  const reading = await readBody(body, more);
  return reading.kind === 'refused' ? reading.reason : reading.kind;
}
