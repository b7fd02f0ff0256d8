import type { IncomingMessage } from 'node:http';
import { errorAnswer, type Answer } from './answer.ts';

/**
 * Whether a browser sends this by itself for the page of another site: a form, an image, a frame, a link, and not
 * a script that was allowed to (Fetch Metadata, sections "Sec-Fetch-Site" and "Sec-Fetch-Mode"). Such a request could not
 * carry a key, which is all that counts here: no cookie is read, and `Authorization` from another site needs
 * a preflight, which is never granted. So this refuses nothing that would have been answered; it holds if a proxy in
 * front should ever add the key by itself. Other programs send no such headers.
 */
export function isSentByAnotherSite({ headers }: IncomingMessage): boolean {
  const { 'sec-fetch-site': site, 'sec-fetch-mode': mode } = headers;
  return (site === 'cross-site' || site === 'same-site') && mode !== 'cors';
}

/** A link or a typed address, in a tab of its own. */
export const isOpenedAlone = ({ headers }: IncomingMessage): boolean =>
  headers['sec-fetch-mode'] === 'navigate' && headers['sec-fetch-dest'] === 'document';

export const sentByAnotherSite = (): Answer =>
  errorAnswer(403, 'CROSS_SITE_REQUEST', 'Requests that a browser sends for another site are not answered.');
