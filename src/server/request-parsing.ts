import { GraphQLError } from 'graphql';
import type { ServerPlugin } from './plugin.ts';

/** `?variables=` that is no JSON is the caller's mistake; Yoga would call it ours. */
export function useParsingErrors(): ServerPlugin {
  return {
    onRequestParse({ requestParser, setRequestParser }) {
      if (requestParser === undefined) return;
      setRequestParser(async (request) => {
        try {
          return await requestParser(request);
        } catch (error) {
          if (!(error instanceof SyntaxError)) throw error;
          throw new GraphQLError('The variables or extensions are not valid JSON.', {
            extensions: { code: 'BAD_REQUEST', http: { status: 400 } },
          });
        }
      });
    },
  };
}
