import { allAdapters } from '../../providers/registry.ts';
import type { ProviderAdapter } from '../../providers/provider.ts';
import { ProviderCodeEnum } from '../account/enums.ts';
import { builder } from '../builder.ts';
import { CapabilitiesRef } from './capabilities.ts';

const ProviderInfoRef = builder
  .objectRef<Pick<ProviderAdapter, 'code' | 'displayName' | 'capabilities'>>('ProviderInfo')
  .implement({
    description: 'A payment provider that this service can work with.',
    fields: (t) => ({
      code: t.expose('code', { type: ProviderCodeEnum, description: 'Its name in this API.' }),
      displayName: t.exposeString('displayName', { description: 'What to show to people.' }),
      capabilities: t.expose('capabilities', { type: CapabilitiesRef, description: 'What it can do.' }),
    }),
  });

builder.queryField('providers', (t) =>
  t.field({
    type: [ProviderInfoRef],
    description: 'The providers that this service can work with, whether or not the merchant has an account.',
    resolve: () => allAdapters,
  }),
);
