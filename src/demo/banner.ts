import { z } from 'zod';
import type { MerchantConfig } from '../config.ts';
import { DEMO_KEYS } from '../config/demo.ts';

const paymentsSchema = z.object({
  payments: z.array(z.object({ reference: z.string(), account: z.string(), description: z.string() })),
});
export type ReadyPayment = z.infer<typeof paymentsSchema>['payments'][number];

/** The payments that the sandbox keeps ready; empty when it does not answer. */
export async function readyPayments(sandboxUrl: string): Promise<readonly ReadyPayment[]> {
  try {
    const answer = await fetch(`${sandboxUrl}/control/payments`, {
      signal: AbortSignal.timeout(2_000),
    });
    return paymentsSchema.parse(await answer.json()).payments;
  } catch {
    return [];
  }
}

/** What a person needs who has just typed `npm start`; of the ready payments those that its merchants can see. */
export function banner(
  url: string,
  sandboxUrl: string,
  merchants: readonly MerchantConfig[],
  ready: readonly ReadyPayment[],
): string {
  const accounts = new Map(
    merchants.flatMap((merchant) => merchant.accounts.map((each) => [each.code, each] as const)),
  );
  const simulators = new Map([...accounts.values()].map(({ provider, baseUrl }) => [provider, baseUrl]));
  const payments = ready.filter(({ account }) => accounts.has(account));
  const width = Math.max(0, ...payments.map(({ reference }) => reference.length));
  return [
    '',
    `GraphQL   ${url}/graphql   (open it in a browser for GraphiQL)`,
    `Key       Authorization: Bearer ${DEMO_KEYS.demo}   merchant "demo"`,
    `          Authorization: Bearer ${DEMO_KEYS.other}   merchant "other"`,
    `Sandbox   ${sandboxUrl}/control`,
    ...[...simulators].map(([provider, baseUrl]) => `          ${baseUrl}   ${provider}`),
    '',
    'Payments to try, by account:',
    ...payments.map(
      ({ reference, account, description }) => `  ${account}  ${reference.padEnd(width)}  ${description}`,
    ),
    '',
    'The first refund, to copy and paste: README.md, section "The first refund". Stop with Ctrl-C.',
    '',
    '',
  ].join('\n');
}
