import type { GraphQLFormattedError } from 'graphql';
import type { ServerPlugin } from './plugin.ts';

/** When what is out of order may be asked again, in seconds, by the code of a top-level error. */
const SECONDS: Readonly<Record<string, number>> = {
  DATABASE_UNAVAILABLE: 1,
  PROVIDER_UNAVAILABLE: 5,
};

/** The advice under which the same request may succeed later. */
const LATER: ReadonlySet<unknown> = new Set(['SAME_KEY', 'WAIT']);

/** Notes for the answer's `Retry-After` (RFC 9110, section 10.2.3) what its errors advise to wait for. */
export function useRetryAfter(): ServerPlugin {
  return {
    onResultProcess({ result, serverContext }) {
      if (Array.isArray(result) || !('errors' in result) || result.errors === undefined) return;
      const waits = result.errors.map(secondsOf).filter((seconds) => seconds !== undefined);
      if (waits.length > 0) serverContext.record.retryAfterSeconds = Math.max(...waits);
    },
  };
}

function secondsOf({ extensions }: Pick<GraphQLFormattedError, 'extensions'>): number | undefined {
  const code = extensions?.['code'];
  return typeof code === 'string' && LATER.has(extensions?.['retry']) ? SECONDS[code] : undefined;
}
