import type { Freshness } from '../refunds/looks/freshness.ts';
import { builder } from './builder.ts';

export const FreshnessRef = builder.objectRef<Freshness>('Freshness').implement({
  description: 'How old an answer is, and when to ask again.',
  fields: (t) => ({
    asOf: t.expose('asOf', { type: 'DateTime', description: 'The provider was last asked at this time.' }),
    isStale: t.exposeBoolean('isStale', {
      description:
        'Older than `maxAgeSeconds` asked for, since the provider did not answer in time or has nothing to be asked about yet; without it, older than usual for this provider.',
    }),
    pollAfterMs: t.exposeInt('pollAfterMs', {
      nullable: true,
      description:
        'Ask again after this many milliseconds: when the service will have looked again, at the latest after what is usual for the provider and the age. Null: stop polling, nothing more is expected.',
    }),
  }),
});
