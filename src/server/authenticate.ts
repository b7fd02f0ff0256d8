import type { Viewer } from '../context.ts';
import { errorAnswer, type Answer } from './answer.ts';

/** The owner of the key in an `Authorization` header; undefined for every reason not to know one. */
export type Authenticate = (authorization: string | undefined) => Viewer | undefined;

/** Says the same for a missing, malformed, unknown or revoked key. */
export const unauthenticated = (): Answer =>
  errorAnswer(401, 'UNAUTHENTICATED', 'Send an API key of yours: "Authorization: Bearer KEY".', {
    'www-authenticate': 'Bearer realm="refunds"',
  });
