import { readCompactJws } from '../compact-jws.ts';
import type { WebhookReceiver } from '../webhook.ts';
import { readResultUrl } from './result-url.ts';
import { readResultUrl2 } from './result-url2.ts';
import type { RoboKassaCredentials, RoboKassaOptions } from './settings.ts';

/**
 * Both notifications of payments at one URL, told apart by what they are, since a form has a `=` and a JWS has none
 * (docs.robokassa.ru/ru/notifications-and-redirects). Nothing tells of refunds.
 */
export const webhooks: WebhookReceiver<RoboKassaCredentials, RoboKassaOptions> = {
  path: '',
  // The cabinet lets one choose for ResultURL.
  methods: ['POST', 'GET'],
  events: ['ResultURL', 'ResultUrl2'],
  verifiedBy: 'SIGNATURE',
  read(access, { method, query, body }) {
    if (method === 'GET') return readResultUrl(access, query);
    const jws = readCompactJws(body);
    return jws === undefined ? readResultUrl(access, body) : readResultUrl2(access, jws);
  },
};
