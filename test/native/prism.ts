/** The part of hyperswitch-prism 0.4.0 that the suite uses; its own types are not among the project's. */
export interface Prism {
  UniffiClient: new () => Record<string, (...bytes: Buffer[]) => Buffer>;
  PaymentClient: new (
    config: unknown,
    defaults?: unknown,
  ) => Record<'refund' | 'get' | 'void' | 'reverse', Call>;
  RefundClient: new (config: unknown, defaults?: unknown) => Record<'refundGet', Call>;
  EventClient: new (config: unknown) => Record<'handleEvent', Call>;
  IntegrationError: new (proto: unknown) => Error & { errorCode: string };
  ConnectorError: new (proto: unknown) => Error & { errorCode: string; httpStatusCode: number };
  NetworkError: new (message: string) => Error;
  types: Record<string, Message & Record<string, number>>;
}

/** A message of the library in plain objects, with camelCase names. */
export type Fields = Record<string, unknown>;

interface Message {
  encode(fields: Fields): { finish(): Uint8Array };
  decode(bytes: Uint8Array): Fields;
}

/** A call of one of the high-level clients, with the HTTP request that it causes. */
type Call = (message: Fields) => Promise<Fields>;

const NAME = 'hyperswitch-prism'; // found by the alias of this suite's configuration

export const prism = (await import(NAME)) as Prism;

export const { types } = prism;

/** Credentials as the library wants them; `baseUrl` comes with the test. */
export const CREDENTIALS: Readonly<Record<string, Fields>> = {
  stripe: { apiKey: secret('sk_test_1') },
  adyen: {
    apiKey: secret('AQE-sim-demo-api-key'),
    merchantAccount: secret('SimDemoECOM'),
    reviewKey: secret('sim-demo-review-key'),
  },
  checkout: {
    apiKey: secret('pk_sbox_simdemo'),
    apiSecret: secret('sk_sbox_simdemo'),
    processingChannelId: secret('pc_simdemo00000000000000000'),
  },
};

export function secret(value: string): { value: string } {
  return { value };
}

/** The configuration of one connector for the high-level clients. */
export function configOf(connector: string, extra: Fields): Fields {
  return {
    connectorConfig: { [connector]: { ...CREDENTIALS[connector], ...extra } },
    options: { environment: types['Environment']!['SANDBOX'] },
  };
}

/** Money of a message. Amounts are JavaScript numbers: see the trap of bigint. */
export function money(minorAmount: unknown, currency = 'EUR'): Fields {
  return { minorAmount, currency: types['Currency']![currency] };
}
