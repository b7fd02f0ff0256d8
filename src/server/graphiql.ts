import type { IncomingMessage } from 'node:http';
import { renderGraphiQL as renderFromNetwork, type GraphiQLOptions } from 'graphql-yoga';

/** What GraphiQL shows in demo mode: the demo's key is set, and a first query is there to run. */
export interface GraphiqlSetup {
  readonly apiKey: string;
  readonly firstQuery: string;
}

/** A browser that opens the address: it gets the page, for which no key is needed. */
export const wantsGraphiql = (request: IncomingMessage): boolean =>
  request.method === 'GET' && (request.headers.accept ?? '').includes('text/html');

export const graphiqlOptions = ({ apiKey, firstQuery }: GraphiqlSetup): GraphiQLOptions => ({
  title: 'refund-federation demo',
  headers: JSON.stringify({ Authorization: `Bearer ${apiKey}` }, undefined, 2),
  shouldPersistHeaders: true,
  defaultQuery: firstQuery,
});

/**
 * The page with its scripts inside, so that it works without a network. They are in an optional package of
 * 18 MB, read when the page is first asked for; where it is not installed the browser loads them from a CDN.
 */
export async function renderGraphiql(options: GraphiQLOptions): Promise<string> {
  const { renderGraphiQL } = await import('@graphql-yoga/render-graphiql').catch(() => ({
    renderGraphiQL: renderFromNetwork,
  }));
  return renderGraphiQL(options);
}
