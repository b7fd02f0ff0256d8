import type { IncomingMessage } from 'node:http';
import type { GraphiQLOptions } from 'graphql-yoga';

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
