import { z } from 'zod';
import type { AccountConfig, MerchantConfig } from '../config.ts';
import { DEMO_KEYS } from '../config/demo.ts';

const paymentsSchema = z.object({
  payments: z.array(
    z.object({
      provider: z.string(),
      reference: z.string(),
      account: z.string(),
      description: z.string(),
    }),
  ),
});
export type ReadyPayment = z.infer<typeof paymentsSchema>['payments'][number];

const simulatedSchema = z.record(z.string(), z.array(z.object({ account: z.string(), baseUrl: z.url() })));

/** Where each simulator answers for which account; the same account may be at two of them (Stripe, and behind Prism). */
export type Simulated = z.infer<typeof simulatedSchema>;

export interface Ready {
  readonly payments: readonly ReadyPayment[];
  readonly simulated: Simulated;
}

/** The payments that the sandbox keeps ready, and where; none when it does not answer. */
export async function readyPayments(sandboxUrl: string): Promise<Ready> {
  const read = async (path: string): Promise<unknown> => {
    const answer = await fetch(`${sandboxUrl}/control/${path}`, { signal: AbortSignal.timeout(2_000) });
    return answer.json();
  };
  try {
    const [payments, simulated] = await Promise.all([read('payments'), read('credentials')]);
    return { ...paymentsSchema.parse(payments), simulated: simulatedSchema.parse(simulated) };
  } catch {
    return { payments: [], simulated: {} };
  }
}

/** What a person needs who has just typed `npm start`; of the ready payments those that its accounts reach. */
export function banner(
  url: string,
  sandboxUrl: string,
  merchants: readonly MerchantConfig[],
  ready: Ready,
): string {
  const accounts = merchants.flatMap((merchant) => merchant.accounts);
  const simulators = new Map(accounts.map(({ provider, baseUrl }) => [provider, baseUrl]));
  return [
    '',
    `GraphQL   ${url}/graphql   (open it in a browser for GraphiQL)`,
    `Key       Authorization: Bearer ${DEMO_KEYS.demo}   merchant "demo"`,
    `          Authorization: Bearer ${DEMO_KEYS.other}   merchant "other"`,
    `Sandbox   ${sandboxUrl}/control`,
    ...[...simulators].map(([provider, baseUrl]) => `          ${baseUrl}   ${provider}`),
    '',
    'Payments to try, by account:',
    ...accounts.flatMap((account) => paymentLines(account, ready)),
    '',
    'The first refund, to copy and paste: README.md, section "The first refund". Stop with Ctrl-C.',
    '',
    '',
  ].join('\n');
}

function paymentLines(account: AccountConfig, { payments, simulated }: Ready): string[] {
  const { origin } = new URL(account.baseUrl);
  const reached = payments.filter((payment) =>
    simulated[payment.provider]?.some(
      (one) =>
        one.account === account.code &&
        payment.account === account.code &&
        new URL(one.baseUrl).origin === origin,
    ),
  );
  const width = Math.max(0, ...reached.map(({ reference }) => reference.length));
  const lines = reached.map(({ reference, description }) => `    ${reference.padEnd(width)}  ${description}`);
  return lines.length === 0 ? [] : [`  ${account.code}`, ...lines];
}
