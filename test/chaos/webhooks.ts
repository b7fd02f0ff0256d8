import type { Violation } from '../support/invariants.ts';
import { traits, type Provider } from './providers.ts';
import type { Deliveries } from './webhook-relay.ts';

/**
 * I5: a lie is acknowledged only where nothing proves who speaks, so that everything told is asked for again. That lies
 * changed nothing is shown by the provider's books.
 */
export const untruthful = (counts: ReadonlyMap<Provider, Deliveries>): Violation[] =>
  [...counts]
    .filter(
      ([provider, { forgedAcknowledged }]) =>
        forgedAcknowledged > 0 && traits[provider].webhooks !== 'unsigned',
    )
    .map(([provider, { forgedAcknowledged }]) => ({
      invariant: 'I5',
      what: `${forgedAcknowledged} forged webhooks of ${provider} were acknowledged`,
    }));
