import { parseArgs } from 'node:util';
import { loadConfig, type AccountConfig } from '../config.ts';
import { listWebhookIds, renewWebhookId } from '../db/webhook-addresses.ts';
import { createLog, flushLog } from '../log.ts';
import { providers } from '../providers/registry.ts';
import type { WebhookReceiver } from '../providers/webhook.ts';
import { WEBHOOKS_PATH } from '../server/webhooks.ts';
import { openDatabase } from '../startup/open-database.ts';
import { credentials } from './credentials.ts';

const USAGE = `Usage:
  webhooks [--base URL]       where each account takes webhooks, and which events are of use
  webhooks --renew ACCOUNT    gives an account another URL; the services know it from their next start on

URL is where this service is reached from outside, such as https://refunds.shop.example; no query, no user name. docs/webhooks.md tells the rest.
`;

/** `npm run webhooks`: what an operator enters at the providers. Beside running services or alone. */
export async function webhooks(env: NodeJS.ProcessEnv, args: readonly string[]): Promise<number> {
  const wish = readWish(args);
  if (wish === undefined) {
    process.stderr.write(USAGE);
    return 2;
  }
  const config = loadConfig(env, { credentials });
  const log = createLog({ level: config.logLevel });
  const database = await openDatabase({ config, log, mode: 'attach', movableClock: false });
  try {
    const { db } = database;
    const { base, renew } = wish;
    if (renew !== undefined && (await renewWebhookId(db, renew)) === undefined) {
      process.stderr.write(
        config.demo
          ? 'The URLs of a demo are those of its accounts, and stay.\n'
          : `The database knows no account ${renew}.\n`,
      );
      return 1;
    }
    const ids = await listWebhookIds(db);
    const accounts = config.merchants.flatMap((merchant) => merchant.accounts);
    for (const account of accounts)
      if (renew === undefined || renew === account.code)
        process.stdout.write(describe(account, ids.get(account.code), base));
    if (renew !== undefined)
      process.stdout.write(
        'The URL of before works until the services are started again. Enter this one at the provider.\n',
      );
    return 0;
  } finally {
    await database.close();
    await flushLog(log);
  }
}

interface Wish {
  /** Without a slash at its end; empty: only paths are told. */
  readonly base: string;
  readonly renew: string | undefined;
}

function readWish(args: readonly string[]): Wish | undefined {
  const options = { base: { type: 'string' }, renew: { type: 'string' } } as const;
  try {
    const { base = '', renew } = parseArgs({ args: [...args], options }).values;
    return base === '' || isBase(base) ? { base: base.replace(/\/+$/, ''), renew } : undefined;
  } catch {
    return undefined;
  }
}

/** A place that paths can be added to. */
function isBase(text: string): boolean {
  const url = URL.parse(text);
  return (
    url !== null && /^https?:$/.test(url.protocol) && !/[?#]/.test(text) && url.username + url.password === ''
  );
}

function describe(account: AccountConfig, id: string | undefined, base: string): string {
  const receiver = receiverOf(account);
  return [
    `${account.code} (${account.provider})`,
    ...(receiver === undefined ? ['  sends nothing of use'] : linesOf(receiver, id, base)),
    '',
    '',
  ].join('\n');
}

function linesOf({ path, methods, events }: WebhookReceiver, id: string | undefined, base: string): string[] {
  if (id === undefined) return ['  has its URL from the first start of a service on'];
  return [
    `  ${methods.join(' or ')} ${base}${WEBHOOKS_PATH}${id}`,
    ...(path === '' ? [] : [`  the provider adds ${path} by itself`]),
    `  events: ${events.join(', ')}`,
  ];
}

function receiverOf({ provider: code, options, credentials: secrets }: AccountConfig) {
  const provider = providers.find((each) => each.code === code);
  return provider?.adapterOf(options, secrets).webhooks;
}
