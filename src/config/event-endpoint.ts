import { isPrivateHost } from '../public-addresses.ts';
import { withHidden } from './hidden.ts';
import { isLoopback } from './hosts.ts';
import type { ReportAt } from './issues.ts';
import type { EventEndpointConfig } from './types.ts';
import type { Part } from './uniqueness.ts';

/** Standard Webhooks 1.0.0, "Signature scheme": a symmetric secret is `whsec_` and base64. */
export const ENDPOINT_SECRET = /^whsec_[A-Za-z0-9+/]+={0,2}$/;
/** Standard Webhooks 1.0.0, "Signature scheme": between 24 and 64 bytes. */
export const ENDPOINT_SECRET_RULE =
  'must be "whsec_" and 24 to 64 random bytes in base64; docs/events.md has a command that makes one';

const SECRET_BYTES = { min: 24, max: 64 } as const;

/** Whether what follows `whsec_` is base64 as it is written, and of a right length. */
export function hasSecretLength(secret: string): boolean {
  const text = secret.slice('whsec_'.length);
  const bytes = Buffer.from(text, 'base64');
  const isExact = bytes.toString('base64') === text;
  return isExact && bytes.length >= SECRET_BYTES.min && bytes.length <= SECRET_BYTES.max;
}

type UrlResult =
  | { readonly ok: true; readonly url: string }
  | { readonly ok: false; readonly message: string };

/**
 * Reads the URL of an endpoint: https, or http on this machine where private networks are allowed. Addresses are
 * judged as they are after parsing, so in every spelling; what a name leads to is judged at each delivery. Messages
 * never repeat the URL, whose path or query might be known to few.
 */
export function parseEndpointUrl(text: string, allowPrivateNetwork: boolean): UrlResult {
  const refuse = (message: string): UrlResult => ({ ok: false, message });
  // URL() forgives spaces, tabs and line breaks; a URL with them is a mistake of copying.
  const url = /[\s\\]/.test(text) ? null : URL.parse(text);
  if (url === null)
    return refuse('is not a URL; write it in full, such as https://example.com/refund-events');
  if (url.protocol !== 'https:' && url.protocol !== 'http:') return refuse('must start with https://');
  if (url.username !== '' || url.password !== '')
    return refuse('must not hold a user name or password; the signature tells who sends');
  if (url.hash !== '') return refuse('must not have a fragment (#)');
  if (url.protocol === 'http:' && !isLoopback(url.hostname))
    return refuse(
      'must be https (http is for 127.0.0.1, ::1 and localhost, with "allowPrivateNetwork": true)',
    );
  if (!allowPrivateNetwork && isPrivateHost(url))
    return refuse('is inside a private network; if that is meant, set "allowPrivateNetwork": true');
  return { ok: true, url: url.href };
}

/** Reports what is wrong with the URL of an endpoint; the rest of it is the business of the schema. */
export function checkEndpointUrl({ path, value }: Part, report: ReportAt): void {
  const { url, allowPrivateNetwork } = value;
  if (typeof url !== 'string') return;
  const result = parseEndpointUrl(url, allowPrivateNetwork === true);
  if (!result.ok) report([...path, 'url'], result.message);
}

/** Called with an endpoint of the right shape; what was reported about is left out. */
export function assembleEndpoint(given: {
  readonly code: string;
  readonly url: string;
  readonly secrets: readonly string[];
  readonly events?: readonly string[] | undefined;
  readonly allowPrivateNetwork: boolean;
}): EventEndpointConfig[] {
  const { code, allowPrivateNetwork, secrets, events = [] } = given;
  const parsed = parseEndpointUrl(given.url, allowPrivateNetwork);
  if (!parsed.ok) return [];
  const visible = { code, url: parsed.url, events: [...new Set(events)], allowPrivateNetwork };
  return [withHidden(visible, { secrets })];
}
