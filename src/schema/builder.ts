import SchemaBuilder from '@pothos/core';
import ComplexityPlugin from '@pothos/plugin-complexity';
import DataloaderPlugin from '@pothos/plugin-dataloader';
import DirectivesPlugin from '@pothos/plugin-directives';
import RelayPlugin from '@pothos/plugin-relay';
import ScopeAuthPlugin from '@pothos/plugin-scope-auth';
import type { Currency } from '../money.ts';
import type { GraphQLContext } from '../resolvers/context.ts';
import { encodeGlobalId } from '../resolvers/global-id.ts';
import { forbidden } from '../resolvers/request-errors.ts';
import { complexity } from './complexity.ts';
import { relayDescriptions } from './relay-descriptions.ts';

interface SchemaTypes {
  Context: GraphQLContext;
  AuthScopes: { read: boolean; write: boolean };
  DefaultFieldNullability: false;
  DefaultNodeNullability: false;
  DefaultEdgesNullability: { list: false; items: false };
  Directives: { moneyMoving: { locations: 'FIELD_DEFINITION'; args: Record<string, never> } };
  Scalars: {
    ID: { Input: string; Output: string };
    DateTime: { Input: Date; Output: Date };
    Decimal: { Input: string; Output: string };
    MinorUnits: { Input: bigint; Output: bigint };
    Currency: { Input: Currency; Output: Currency };
    IdempotencyKey: { Input: string; Output: string };
    StringMap: { Input: Record<string, string>; Output: Record<string, string> };
  };
}

/** The one builder of the public schema: plugins and generics. Types are in the folder of their noun. */
export const builder = new SchemaBuilder<SchemaTypes>({
  plugins: [ScopeAuthPlugin, RelayPlugin, DataloaderPlugin, ComplexityPlugin, DirectivesPlugin],
  defaultFieldNullability: false,
  scopeAuth: {
    authScopes: ({ caller }) => ({
      read: caller.viewer.scopes.has('read'),
      write: caller.viewer.scopes.has('write'),
    }),
    unauthorizedError: (_parent, _context, info) =>
      forbidden(info.parentType.name === 'Mutation' ? 'write' : 'read'),
  },
  relay: { ...relayDescriptions, encodeGlobalID: (type, id) => encodeGlobalId(type, String(id)) },
  complexity,
  // The form that printing understands.
  directives: { useGraphQLToolsUnorderedDirectives: true },
});

builder.queryType({
  authScopes: { read: true },
  description:
    'Reads. They answer from what is stored; `maxAgeSeconds` says when the provider is asked first.',
});

builder.mutationType({
  authScopes: { write: true },
  description:
    'Changes. What went wrong is data in `errors`, which is empty exactly when the mutation took effect or was replayed.',
});
