import type { Scope, Viewer } from '../../context.ts';
import { resolveMerchant } from '../../resolvers/merchant.ts';
import { builder } from '../builder.ts';
import { MerchantRef } from './merchant.ts';

const ScopeEnum = builder.enumType('Scope', {
  description: 'What an API key may do. The list grows.',
  values: {
    READ: { value: 'read', description: 'Queries.' },
    WRITE: { value: 'write', description: 'Mutations.' },
    DEBUG: {
      value: 'debug',
      description: 'To see in `extensions.plan` of an answer which provider calls it took.',
    },
  } as const satisfies Record<Uppercase<Scope>, { value: Scope; description: string }>,
});

const ViewerRef = builder.objectRef<Viewer>('Viewer').implement({
  description: 'Who asks: an API key of one merchant.',
  fields: (t) => ({
    merchant: t.field({
      type: MerchantRef,
      description: 'The merchant whose data this key sees; it sees no other.',
      resolve: (_viewer, _args, context) => resolveMerchant(context),
    }),
    keyName: t.exposeString('keyName', { description: 'The name of the API key, as histories show it.' }),
    scopes: t.field({
      type: [ScopeEnum],
      description: 'What the key may do.',
      resolve: (viewer) => [...viewer.scopes],
    }),
  }),
});

builder.queryField('viewer', (t) =>
  t.field({
    type: ViewerRef,
    description: 'Who asks, as the service has recognised the API key.',
    resolve: (_root, _args, context) => context.caller.viewer,
  }),
);
