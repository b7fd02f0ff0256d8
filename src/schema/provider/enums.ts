import type { Capabilities } from '../../providers/provider.ts';
import { builder } from '../builder.ts';

export const ConcurrentOperationsEnum = builder.enumType('ConcurrentOperations', {
  description: 'How many operations may be under way at once.',
  values: {
    ONE: { description: 'One; the next waits.' },
    MANY: { description: 'Any number.' },
  } as const satisfies Record<Capabilities['concurrentOperationsPerPayment'], { description: string }>,
});

export const ExternalRefundsEnum = builder.enumType('ExternalRefunds', {
  description:
    'What this service can know of refunds that were made elsewhere, such as in the console of the provider.',
  values: {
    SEEN: { description: 'Each of them, when the payment is read.' },
    AGGREGATE: { description: 'Their sum only.' },
    INVISIBLE: {
      description:
        'Nothing: only what this service has done is counted, and a refund of more than is really left is refused by the provider.',
    },
  } as const satisfies Record<Capabilities['externalRefunds'], { description: string }>,
});
