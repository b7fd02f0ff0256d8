import type { WebhookAnswer, WebhookReading, WebhookReceiver, WebhookRefusal } from '../webhook.ts';
import type { YandexPayCredentials } from './credentials.ts';
import type { YandexPayOptions } from './options.ts';
import { createSigningKeys } from './signing-keys.ts';
import { events, messagesOf } from './webhook-event.ts';
import { readToken } from './webhook-token.ts';

const json = (status: number, body: object): WebhookAnswer => ({
  status,
  contentType: 'application/json',
  body: JSON.stringify(body),
});

const success = json(200, { status: 'success' });

/** In the codes that a merchant may answer (pay.yandex.ru/docs, "Merchant API"); they tell nothing that is secret. */
const answers: Readonly<Record<WebhookRefusal, WebhookAnswer>> = {
  NOT_CONFIGURED: fail('OTHER', 'Webhooks are not taken.'),
  FORGED: fail('UNAUTHORIZED', 'The signature is not valid.'),
  STALE: fail('TOKEN_EXPIRED', 'The token is not valid at this time.'),
  FOREIGN: fail('FORBIDDEN', 'The token is for another merchant.'),
  MALFORMED: fail('OTHER', 'The token cannot be read.'),
};

function fail(reasonCode: string, reason: string): WebhookAnswer {
  return json(400, { status: 'fail', reasonCode, reason });
}

const refused = (reason: WebhookRefusal): WebhookReading => ({
  kind: 'refused',
  reason,
  answer: answers[reason],
});

/**
 * Webhooks of both editions (pay.yandex.ru/docs, "Merchant API", webhook): `{Callback URL}/v1/webhook` with a bare JWT as
 * the body. Repetitions are signed anew, so that neither the token nor a header tells them from the first.
 */
export function webhookReceiver(): WebhookReceiver<YandexPayCredentials, YandexPayOptions> {
  const keys = createSigningKeys();
  return {
    path: '/v1/webhook',
    methods: ['POST'],
    events,
    verifiedBy: 'SIGNATURE',
    async read(access, { body }) {
      const token = await readToken(access, body, keys);
      if (token.kind === 'unavailable') return token;
      if (token.kind === 'refused') return refused(token.reason);
      const messages = messagesOf(token.payload, access.credentials.merchantId);
      return typeof messages === 'string' ? refused(messages) : { kind: 'taken', messages, answer: success };
    },
  };
}
