import { pino } from 'pino';
import { onTestFinished } from 'vitest';
import { createAccountHttp } from '../../../src/providers/http.ts';
import type { AccountAccess, KnownRefund, RefundOrder } from '../../../src/providers/provider.ts';
import {
  type RoboKassaCredentials,
  type RoboKassaOptions,
  options as optionsSchema,
} from '../../../src/providers/robokassa/settings.ts';
import { plainOrder } from '../known-refund.ts';
import {
  type Script,
  type ScriptedProvider,
  type SeenRequest,
  startScriptedProvider,
} from '../../support/scripted-provider.ts';

export const INVOICE = '12345';
export const OP_KEY = '0C1D2E3F-4A5B-4C6D-8E7F-90A1B2C3D4E5-x1Y2z3W4v5';
export const REQUEST_ID = '7b0c1f52-9d2e-4a61-8c35-0e4fd1a2b3c4';
export const KEY = '0123456789abcdef0123456789abcdef01234567';
export const NOW = new Date('2026-11-22T12:00:00Z');

export const credentials: RoboKassaCredentials = {
  merchantLogin: 'demo-shop',
  password1: 'pass1-secret',
  password2: 'pass2-secret',
  password3: 'pass3-secret',
};

/** A paid operation of 1500.00 roubles, as the documentation prints it; `more` replaces what stands there. */
export function operation(more: readonly (readonly [from: string, to: string])[] = []): string {
  const xml = `<?xml version="1.0" encoding="utf-8"?>
<OperationStateResponse xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xmlns="http://merchant.roboxchange.com/WebService/">
  <Result><Code>0</Code></Result>
  <State>
    <Code>100</Code>
    <RequestDate>2026-11-21T13:00:05.1234567+03:00</RequestDate>
    <StateDate>2026-11-20T12:15:31.4470000+03:00</StateDate>
  </State>
  <Info>
    <IncCurrLabel>BankCard</IncCurrLabel>
    <IncSum>1500.000000</IncSum>
    <IncAccount>555555******4477</IncAccount>
    <PaymentMethod><Code>BankCard</Code><Description>Bank card</Description></PaymentMethod>
    <OutCurrLabel>RUR</OutCurrLabel>
    <OutSum>1500.000000</OutSum>
    <OpKey>${OP_KEY}</OpKey>
    <BankCardRRN>632500112233</BankCardRRN>
  </Info>
  <UserField><Field><Name>order</Name><Value>A-77</Value></Field></UserField>
</OperationStateResponse>`;
  return more.reduce((text, [from, to]) => {
    if (!text.includes(from)) throw new Error(`no ${from} to replace`);
    return text.replaceAll(from, to);
  }, xml);
}

export const inState = (code: string): string => operation([['<Code>100</Code>', `<Code>${code}</Code>`]]);

/** A business error: HTTP 200, and neither state nor info. */
export const result = (code: string): string =>
  `<OperationStateResponse xmlns="http://merchant.roboxchange.com/WebService/"><Result><Code>${code}</Code></Result></OperationStateResponse>`;

/** A part of 400.00 roubles. */
export const order: RefundOrder = {
  ...plainOrder,
  providerPaymentId: INVOICE,
  handles: { opKey: OP_KEY },
  amount: { minor: 40000n, currency: 'RUB' },
  providerKey: KEY,
  metadata: {},
  receipt: null,
};

export const known: KnownRefund = {
  providerRefundId: REQUEST_ID,
  providerPaymentId: INVOICE,
  amount: { minor: 40000n, currency: 'RUB' },
  createdAt: new Date('2026-11-21T10:00:30Z'),
};

export interface Shop {
  readonly access: AccountAccess<RoboKassaCredentials, RoboKassaOptions>;
  readonly provider: ScriptedProvider;
}

/** A shop at a provider that answers by `script`; both are closed with the test. */
export async function openShop(
  script: (request: SeenRequest) => Script,
  more: { options?: object; credentials?: Partial<RoboKassaCredentials> } = {},
): Promise<Shop> {
  const provider = await startScriptedProvider(script);
  const http = createAccountHttp({
    accountCode: 'shop',
    provider: 'robokassa',
    baseUrl: provider.url,
    otherBaseUrls: { refunds: `${provider.url}/RefundService` },
    maxInFlight: 4,
    requestsPerSecond: 10_000,
    log: pino({ level: 'silent' }),
    clock: { now: () => NOW, monotonicMs: () => performance.now() },
  });
  onTestFinished(async () => {
    await http.close();
    await provider.close();
  });
  const access = {
    code: 'shop',
    credentials: { ...credentials, ...more.credentials },
    options: optionsSchema.parse(more.options ?? {}),
    http,
    clock: { now: () => NOW },
  };
  return { access, provider };
}

/** Answers a look-up by `state`, everything else by `post`. */
export const scriptOf =
  (post: Script, state: Script = { body: operation() }) =>
  ({ path }: SeenRequest): Script =>
    path.endsWith('/OpStateExt') ? state : post;
