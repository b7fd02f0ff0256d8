import type { ServerPlugin } from './plugin.ts';

/**
 * Yoga executes the parameters that were read before it was entered, and answers in the media type of the request
 * where they were refused. It never parses a request itself: it would execute forms and plain GraphQL too, which a
 * web page can send without the browser asking first.
 */
export function useReadParams(): ServerPlugin {
  return {
    onRequestParse({ serverContext, setRequestParser }) {
      const { read } = serverContext;
      setRequestParser(() => {
        if (read === undefined) throw new TypeError('An operation was about to run that nobody has read.');
        if (read.kind === 'refused') throw read.error;
        return { ...read.params };
      });
    },
  };
}
