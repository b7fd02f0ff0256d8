import type { Deviation } from '../provider.ts';

/** Where Stripe differs from what every provider is tried with. */
export const deviations: Readonly<Record<string, Deviation>> = {
  '5xx before the effect': {
    instead: 'LEFT_TO_A_PERSON',
    reason: 'A key remembers a 500 for its life, so that sending it again tells nothing new.',
    source: 'docs.stripe.com/api/idempotent_requests',
  },
};
