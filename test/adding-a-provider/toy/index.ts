import { z } from 'zod';
import { failure } from '../../../src/providers/failure.ts';
import { noOptions } from '../../../src/providers/no-options.ts';
import type { Provider, ProviderAdapter, VoidOutcome } from '../../../src/providers/provider.ts';
import {
  capabilities,
  lookGapsMs,
  PENDING_NORMALLY_MS,
  recovery,
  SEND_DEADLINE_MS,
  watchAfterMs,
} from './capabilities.ts';
import { buildRefund, checkRefund, sendRefund } from './create-refund.ts';
import { listRefunds, readPayment, readRefund, type ToyCredentials } from './payment.ts';

const noVoid = 'Toy Bank releases no holds.';

export const toy: ProviderAdapter<ToyCredentials> = {
  code: 'toy',
  variant: null,
  displayName: 'Toy Bank',
  wireVersion: 'toy-1',
  capabilities,
  recovery,
  sendDeadlineMs: SEND_DEADLINE_MS,
  lookGapsMs,
  pendingNormallyMs: PENDING_NORMALLY_MS,
  watchAfterMs,
  hidesRefundId: false,
  buildsFromFreshPayment: false,
  readPayment,
  readRefund,
  listRefunds,
  amountRules: () => ({ minimumMinor: 1n, stepMinor: 1n, leaveAtLeastMinor: 0n }),
  checkRefund,
  buildRefund,
  sendRefund,
  buildVoid() {
    throw new RangeError(noVoid);
  },
  sendVoid: async (): Promise<VoidOutcome> => ({
    kind: 'refused',
    payment: null,
    failure: failure('PROVIDER_REJECTED', 'NEVER', noVoid),
    evidence: { sent: false },
  }),
};

export const toyProvider: Provider<ToyCredentials> = {
  code: 'toy',
  displayName: 'Toy Bank',
  description: 'Toy Bank (toy.example).',
  settings: {
    credentials: z.strictObject({
      bank: z.string().regex(/^\d{4}$/),
      token: z.string().regex(/^[!-~]{8,64}$/),
    }),
    options: noOptions,
    identityOf: ({ bank }) => bank,
    defaultBaseUrl: 'https://api.toy.example',
    defaultRequestsPerSecond: 5,
  },
  adapters: [toy],
  adapterOf: () => toy,
};
