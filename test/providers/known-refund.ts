import type { KnownRefund } from '../../src/providers/provider.ts';

/** A refund of which the id is what matters. */
export const knownRefund = (providerRefundId: string): KnownRefund => ({
  providerRefundId,
  providerPaymentId: 'not used',
  amount: { minor: 1n, currency: 'RUB' },
  createdAt: new Date(0),
});

/** What an order says of its payment where that does not matter: a part of it, and not the first. */
export const plainOrder = {
  handles: {},
  reason: 'OTHER',
  takesRest: false,
  isFirst: false,
  cart: [],
  items: [],
  sends: 0,
} as const;
