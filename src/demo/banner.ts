import { z } from 'zod';
import { DEMO_KEYS } from '../config/demo.ts';

const paymentsSchema = z.object({
  payments: z.array(z.object({ reference: z.string(), account: z.string(), description: z.string() })),
});
export type ReadyPayment = z.infer<typeof paymentsSchema>['payments'][number];

/** The payments that the sandbox keeps ready; empty when it does not answer. */
export async function readyPayments(sandboxUrl: string): Promise<readonly ReadyPayment[]> {
  try {
    const answer = await fetch(`${sandboxUrl}/control/payments?provider=yookassa`, {
      signal: AbortSignal.timeout(2_000),
    });
    return paymentsSchema.parse(await answer.json()).payments;
  } catch {
    return [];
  }
}

/** What a person needs who has just typed `npm start`. */
export function banner(url: string, sandboxUrl: string, payments: readonly ReadyPayment[]): string {
  const width = Math.max(0, ...payments.map(({ reference }) => reference.length));
  return [
    '',
    `GraphQL   ${url}/graphql   (open it in a browser for GraphiQL)`,
    `Key       Authorization: Bearer ${DEMO_KEYS.demo}   merchant "demo"`,
    `          Authorization: Bearer ${DEMO_KEYS.other}   merchant "other"`,
    `Sandbox   ${sandboxUrl}/control   YooKassa: http://127.0.0.1:${Number(new URL(sandboxUrl).port) + 1}/v3`,
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
