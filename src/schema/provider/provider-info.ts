import { shownCapabilities } from '../../providers/claims.ts';
import type { Availability, ProviderAdapter } from '../../providers/provider.ts';
import { ProviderCodeEnum } from '../account/enums.ts';
import { builder } from '../builder.ts';
import { CapabilitiesRef } from './capabilities.ts';

const ProviderAvailabilityEnum = builder.enumType('ProviderAvailability', {
  description: 'Whether a way to a provider works on this installation. The list grows.',
  values: {
    READY: { value: 'ready', description: 'It works.' },
    SUBSTITUTED: { value: 'substituted', description: 'Something else does the same work in its place.' },
    UNAVAILABLE: { value: 'unavailable', description: 'It cannot be used here; everything else works.' },
  } as const satisfies Record<
    Uppercase<'ready' | Availability['kind']>,
    { value: 'ready' | Availability['kind']; description: string }
  >,
});

type Way = Pick<ProviderAdapter, 'code' | 'variant' | 'displayName' | 'capabilities' | 'availability'>;

const ProviderVariantRef = builder.objectRef<Way>('ProviderVariant').implement({
  description: 'One way to a provider: a version of its API, an edition, or a connector.',
  fields: (t) => ({
    name: t.exposeString('variant', {
      nullable: true,
      description: 'As in the configuration of an account; null where there is one way only.',
    }),
    displayName: t.exposeString('displayName', { description: 'What to show to people.' }),
    capabilities: t.field({
      type: CapabilitiesRef,
      description: 'What it can do, as far as the conformance suite has proven it.',
      resolve: (way) => shownCapabilities(way),
    }),
    availability: t.field({
      type: ProviderAvailabilityEnum,
      description: 'Whether it works here.',
      resolve: ({ availability }) => availability?.kind ?? 'ready',
    }),
    availabilityMessage: t.string({
      nullable: true,
      description: 'What is missing, or what takes its place, for operators; null where it simply works.',
      resolve: ({ availability }) => availability?.message ?? null,
    }),
  }),
});

const ProviderInfoRef = builder.objectRef<readonly [Way, ...Way[]]>('ProviderInfo').implement({
  description: 'A payment provider that this service can work with.',
  fields: (t) => ({
    code: t.field({
      type: ProviderCodeEnum,
      description: 'Its name in this API.',
      resolve: ([usual]) => usual.code,
    }),
    displayName: t.string({
      description: 'What to show to people.',
      resolve: ([usual]) => usual.displayName,
    }),
    capabilities: t.field({
      type: CapabilitiesRef,
      description: 'What it can do by the usual way; another one may differ: see `variants`.',
      resolve: ([usual]) => shownCapabilities(usual),
    }),
    variants: t.field({
      type: [ProviderVariantRef],
      description: 'The ways to it, the usual one first.',
      resolve: (ways) => ways,
    }),
  }),
});

builder.queryField('providers', (t) =>
  t.field({
    type: [ProviderInfoRef],
    description: 'The providers that this service can work with, whether or not the merchant has an account.',
    resolve: (_root, _args, { world }) =>
      [...Map.groupBy(world.connections.adapters(), ({ code }) => code).values()].flatMap(
        ([usual, ...others]) => (usual === undefined ? [] : [[usual, ...others] as const]),
      ),
  }),
);
