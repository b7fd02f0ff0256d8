import { YooCheckout } from '@a2seven/yoo-checkout';
import Razorpay from 'razorpay';
import Stripe from 'stripe';
import type { Played } from './played-sandbox.ts';

/** Asks a provider for one refund by its published client library, as an application without this service would. */
export type ReadRefund = (providerRefundId: string) => Promise<unknown>;

/** The client keeps its axios instance in `api.rq`, which its types do not tell. */
interface Pointable {
  readonly rq: { readonly defaults: { baseURL: string } };
}

/** The providers that publish a client library for Node, which can be pointed at the sandbox. */
export const withPublishedClient = ['yookassa', 'razorpay', 'stripe'];

/** The published client of each of these accounts, by provider. */
export const publishedClients = (accounts: readonly Played[]): ReadonlyMap<string, ReadRefund> =>
  new Map(accounts.map((account) => [account.provider, readerOf(account)]));

function readerOf({ provider, baseUrl, credentials }: Played): ReadRefund {
  const given = (name: string): string => String(credentials[name]);
  const { hostname, port, origin } = new URL(baseUrl);
  switch (provider) {
    case 'yookassa': {
      const client = new YooCheckout({ shopId: given('shopId'), secretKey: given('secretKey') });
      Object.assign(client, { root: baseUrl });
      return (providerRefundId) => client.getRefund(providerRefundId);
    }
    case 'razorpay': {
      const client = new Razorpay({
        key_id: given('clientId'),
        key_secret: given('clientSecret'),
        headers: { 'X-Razorpay-Account': given('account') },
      });
      (client.api as unknown as Pointable).rq.defaults.baseURL = origin;
      return (providerRefundId) => client.refunds.fetch(providerRefundId);
    }
    case 'stripe': {
      const client = new Stripe(given('apiKey'), {
        host: hostname,
        port,
        protocol: 'http',
        telemetry: false,
      });
      return (providerRefundId) => client.refunds.retrieve(providerRefundId);
    }
    default:
      throw new TypeError(`no published client of ${provider} is known here`);
  }
}
