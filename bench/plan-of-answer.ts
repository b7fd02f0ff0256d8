import { z } from 'zod';
import { debugKey, type Service } from './service.ts';

/** What an answer tells of its own calls (docs/planner.md). */
const plan = z.object({
  complete: z.boolean(),
  accounts: z.array(
    z.object({
      account: z.string(),
      wanted: z.number(),
      lowerBound: z.number(),
      calls: z.array(z.object({ kind: z.string(), requests: z.number() })),
    }),
  ),
});
export type Plan = z.infer<typeof plan>;

/** Asks with the key that has the scope `debug`, and gives the data with the plan. */
export async function askWithPlan<Data>(
  service: Service,
  query: string,
): Promise<{ readonly data: Data; readonly plan: Plan }> {
  const answer = await fetch(`${service.url}/graphql`, {
    method: 'POST',
    headers: { authorization: `Bearer ${debugKey}`, 'content-type': 'application/json' },
    body: JSON.stringify({ query }),
  });
  const body = (await answer.json()) as { data?: Data; errors?: unknown; extensions?: { plan?: unknown } };
  if (body.errors !== undefined || body.data === undefined) throw new Error(JSON.stringify(body.errors));
  return { data: body.data, plan: plan.parse(body.extensions?.plan) };
}

/** What a plan says of one account; throws where that is not what the provider has seen. */
export function checkedPlan(
  { complete, accounts }: Plan,
  seen: {
    readonly account: string;
    readonly refunds: number;
    readonly calls: number;
    readonly fewest: number;
  },
): { readonly told: number; readonly kinds: string } {
  const own = accounts.find(({ account }) => account === seen.account);
  const told = own?.calls.reduce((sum, { requests }) => sum + requests, 0) ?? 0;
  const isTrue = own?.wanted === seen.refunds && own.lowerBound === seen.fewest && told === seen.calls;
  if (!complete || !isTrue)
    throw new Error(`the plan is not what was seen (${JSON.stringify(seen)}): ${JSON.stringify(own)}`);
  return { told, kinds: [...new Set(own.calls.map(({ kind }) => kind))].join(', ') };
}
