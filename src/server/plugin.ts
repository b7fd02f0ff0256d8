import type { Plugin } from 'graphql-yoga';
import type { Caller } from '../refunds/world.ts';
import type { RequestRecord } from './access-log.ts';
import type { ReadParams } from './request-params.ts';

/** What the HTTP side hands to GraphQL for one request. */
export interface ServerContext {
  /** Undefined only for the page of GraphiQL. */
  readonly caller: Caller | undefined;
  readonly record: RequestRecord;
  /** Undefined where there is no caller. */
  readonly read: ReadParams | undefined;
}

/** One behaviour of the GraphQL endpoint. */
export type ServerPlugin = Plugin<ServerContext, ServerContext>;
