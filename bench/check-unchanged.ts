import { isDeepStrictEqual } from 'node:util';
import { makePendingRefunds, type PendingRefund } from './pending-refunds.ts';
import { configured, startPlayedSandbox, type PlayedSandbox } from './played-sandbox.ts';
import type { Finding, Run } from './run.ts';
import { apiKey, startService, type Service } from './service.ts';

const REFUNDS = 20;
const STEPS = 4_000;
/** One step of so many changes something; the others read. */
const STEPS_PER_CHANGE = 8;

const FIELDS =
  'id status version isFinal moneyMovement returned { value } legs { id status failure { code } }';
const ONE = `query ($id: ID!) { refund(by: { id: $id }) { ${FIELDS} history { at } updatedAt } }`;
const MANY = `query ($ids: [ID!]!) { nodes(ids: $ids) { id ... on Refund { ${FIELDS} payment { refunded { value } } } } }`;
const LIST = `query ($isFinal: Boolean!, $from: DateTime!, $to: DateTime!) {
  refunds(first: 50, filter: { isFinal: $isFinal, createdAt: { from: $from, to: $to } }) { nodes { ${FIELDS} } }
}`;
const LISTED = `query ($ids: [ID!]!) { refunds(first: 50, filter: { ids: $ids }) { nodes { ${FIELDS} } } }`;

interface Question {
  readonly query: string;
  readonly variables: Readonly<Record<string, unknown>>;
}

/** Random reads with the tags of earlier answers, between random changes; each 304 is compared with a full execution. */
export async function measureUnchanged(run: Run): Promise<Finding> {
  const sandbox = await startPlayedSandbox(run, ['yookassa', 'stripe']);
  const database = await run.server.database('unchanged');
  const service = await startService(run.cores, {
    accounts: sandbox.accounts.map(configured),
    databaseUrl: database.url,
    // What looks by itself would change something between a 304 and what it is compared with.
    env: { ENGINE: '0' },
  });
  try {
    const refunds = await makePendingRefunds(service, sandbox, REFUNDS);
    const kept = new Map<string, { readonly tag: string; readonly data: unknown }>();
    let [asked, unchanged, wrong, changes] = [0, 0, 0, 0];
    const steps = run.isQuick ? STEPS / 20 : STEPS;
    for (let step = 0; step < steps; step += 1) {
      if (step % STEPS_PER_CHANGE === 0) {
        await change(service, sandbox, refunds, (changes += 1));
        continue;
      }
      const question = randomQuestion(refunds);
      const place = JSON.stringify(question);
      const before = kept.get(place);
      const answer = await get(service, question, before?.tag);
      asked += 1;
      if (answer.tag === null) throw new Error(`no tag: ${place} ${JSON.stringify(answer.data)}`);
      if (answer.status !== 304) {
        kept.set(place, { tag: answer.tag, data: answer.data });
        continue;
      }
      unchanged += 1;
      const full = await service.ask(question.query, { ...question.variables });
      if (!isDeepStrictEqual(full, before?.data)) wrong += 1;
    }
    return {
      bars: [
        {
          what: `${unchanged} answers 304 in a random run of ${asked} reads: those that a full execution contradicts`,
          against: 'the same operation, executed',
          bar: '0',
          measured: String(wrong),
          isMet: wrong === 0 && unchanged > 0,
          reason: 'a defect',
        },
      ],
      details: `Between the reads (\`refund\`, \`nodes\` and lists, by GET with the tag of the answer before) ${changes} random changes: refunds of both providers settled, failed, reversed, looked at, and new ones. ${unchanged} of ${asked} reads were answered 304.`,
    };
  } finally {
    await service.stop();
    await sandbox.stop();
  }
}

const dayMs = 24 * 3_600_000;
const today = {
  from: new Date(Date.now() - dayMs).toISOString(),
  to: new Date(Date.now() + dayMs).toISOString(),
};

const pick = <Item>(items: readonly Item[]): Item => items[Math.floor(Math.random() * items.length)]!;

function randomQuestion(refunds: readonly PendingRefund[]): Question {
  const ids = refunds.map(({ id }) => id);
  return pick<() => Question>([
    () => ({ query: ONE, variables: { id: pick(ids) } }),
    () => ({ query: MANY, variables: { ids: ids.slice(0, 5) } }),
    () => ({ query: LISTED, variables: { ids } }),
    () => ({ query: LIST, variables: { isFinal: pick([true, false]), ...today } }),
  ])();
}

/** A change at the provider and then a look, a look alone, or another refund. */
async function change(
  service: Service,
  sandbox: PlayedSandbox,
  refunds: readonly PendingRefund[],
  n: number,
): Promise<void> {
  const { id, provider, providerRefundId } = pick(refunds);
  const account = sandbox.accounts.find((each) => each.provider === provider)!;
  if (n % 5 === 0) {
    await makeOne(service, sandbox, account.code, account.simulator, n);
    return;
  }
  if (n % 5 < 4) {
    const status = pick(['succeeded', 'failed', 'canceled', 'reversed']);
    // What has ended there already takes no other end.
    await sandbox
      .control('settle', { provider: account.simulator, refundId: providerRefundId, status })
      .catch(() => undefined);
  }
  await service.ask(
    'mutation ($refund: ID!) { syncRefund(input: { refund: $refund }) { errors { code } } }',
    {
      refund: id,
    },
  );
}

async function makeOne(
  service: Service,
  { control }: PlayedSandbox,
  code: string,
  provider: string,
  n: number,
): Promise<void> {
  const amount = { value: '50.00', currency: 'RUB' };
  const { reference } = await control<{ reference: string }>('payments', { provider, account: code, amount });
  await service.ask(
    'mutation ($input: CreateRefundInput!) { createRefund(input: $input) { refund { id } errors { code } } }',
    {
      input: {
        idempotencyKey: `bench-unchanged-${n}`,
        payment: { provider: { account: code, paymentId: reference } },
        amount: { remaining: true },
        reason: 'GOODWILL',
      },
    },
  );
}

async function get(
  service: Service,
  { query, variables }: Question,
  tag: string | undefined,
): Promise<{ readonly status: number; readonly tag: string | null; readonly data: unknown }> {
  const parameters = new URLSearchParams({ query, variables: JSON.stringify(variables) });
  const answer = await fetch(`${service.url}/graphql?${parameters.toString()}`, {
    headers: { authorization: `Bearer ${apiKey}`, ...(tag === undefined ? {} : { 'if-none-match': tag }) },
  });
  const text = await answer.text();
  const { data } = (text === '' ? {} : JSON.parse(text)) as { data?: unknown };
  return { status: answer.status, tag: answer.headers.get('etag'), data };
}
