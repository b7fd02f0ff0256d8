import { parseArgs } from 'node:util';
import type { Kysely } from 'kysely';
import type { Logger } from 'pino';
import { loadServiceConfig } from '../config.ts';
import {
  listAccountsInEpoch,
  openEpoch,
  readNowAndEpoch,
  releasePayment,
  type AccountInEpoch,
} from '../db/epochs.ts';
import type { Database } from '../db/tables.ts';
import { isUuid, type PaymentId } from '../ids.ts';
import { createAlerts } from '../alerts.ts';
import { systemClock } from '../clock.ts';
import { createAlertMessages } from '../events/alert-messages.ts';
import { createLog, flushLog } from '../log.ts';
import { allAdapters } from '../providers/registry.ts';
import { showsAllRefunds } from '../refunds/epoch.ts';
import { decodeGlobalId } from '../resolvers/global-id.ts';
import { openDatabase } from '../startup/open-database.ts';

const USAGE = `Usage:
  restored                        after a restore of the database: opens a new epoch
  restored --status               what waits to be read, and what a person has to release
  restored --release PAYMENT_ID   a person answers for it that no refund of this payment was forgotten

docs/restore.md describes the whole procedure.
`;

/**
 * `npm run restored`: tells the service that its database is an old one (MONEY section 10). Beside running services
 * or alone; twice opens another epoch, which costs reads and nothing else. Needs no accounts.
 */
export async function restored(env: NodeJS.ProcessEnv, args: readonly string[]): Promise<number> {
  const wish = readWish(args);
  if (wish === undefined) {
    process.stderr.write(USAGE);
    return 2;
  }
  const config = loadServiceConfig(env);
  const log = createLog({ level: config.logLevel });
  const database = await openDatabase({ config, log, mode: 'attach', movableClock: false });
  try {
    const { db } = database;
    if (wish === 'status') process.stdout.write(await statusOf(db));
    else if (wish === 'open') process.stdout.write(await open(db, log));
    else return await release(db, wish.release);
    return 0;
  } finally {
    await database.close();
    await flushLog(log);
  }
}

type Wish = 'open' | 'status' | { readonly release: PaymentId };

function readWish(args: readonly string[]): Wish | undefined {
  const options = { status: { type: 'boolean' }, release: { type: 'string' } } as const;
  try {
    const { status, release: id } = parseArgs({ args: [...args], options }).values;
    if (id === undefined) return status === true ? 'status' : 'open';
    const paymentId = isUuid(id) ? (id as PaymentId) : decodeGlobalId('Payment', id);
    return status === true || paymentId === undefined ? undefined : { release: paymentId };
  } catch {
    return undefined;
  }
}

/** How long the operator's endpoints may keep the command waiting, in milliseconds; the log has the alert anyway. */
const TELL_WITHIN_MS = 5_000;

async function open(db: Kysely<Database>, log: Logger): Promise<string> {
  const { number } = await openEpoch(db);
  const messages = createAlertMessages({ db, log, clock: systemClock, operatorEndpoints: new Set() });
  createAlerts(log, undefined, (alert) => messages.tell(alert)).raise('EPOCH_OPENED', { epoch: number });
  await messages.close(TELL_WITHIN_MS);
  return `Epoch ${number} is open. From now on nothing is sent for a payment until its refunds were read again at its
provider. Every account is RESTORING: its queued refunds wait until all that is under way was read.

The running service does that by itself; start it if none runs. Callers repeat what they are not sure of with the
same keys: what was executed already is found at the provider, and not sent again.

${await statusOf(db)}`;
}

async function release(db: Kysely<Database>, id: PaymentId): Promise<number> {
  if (await releasePayment(db, id)) {
    process.stdout.write(`Released in this epoch: refunds of payment ${id} are sent again.\n`);
    return 0;
  }
  process.stderr.write(`There is no payment ${id}.\n`);
  return 1;
}

const showAtMost = 20;

async function statusOf(db: Kysely<Database>): Promise<string> {
  const { epoch } = await readNowAndEpoch(db);
  const accounts = await listAccountsInEpoch(db);
  const opened = epoch.number === 1 ? 'no restore so far' : `opened ${epoch.openedAt.toISOString()}`;
  return [`Epoch ${epoch.number}, ${opened}.`, ...accounts.flatMap(linesOf), ''].join('\n');
}

function linesOf({ code, provider, health, unread }: AccountInEpoch): string[] {
  const shown = unread.slice(0, showAtMost).map((id) => `    ${id}`);
  const more = unread.length > showAtMost ? [`    and ${unread.length - showAtMost} more`] : [];
  return [
    `${code}: ${health}`,
    ...(unread.length === 0
      ? []
      : [
          `  ${unread.length} ${unread.length === 1 ? 'payment' : 'payments'} with open refunds ${whatToDo(provider)}`,
          ...shown,
          ...more,
        ]),
  ];
}

const byItself = 'to be read at the provider, which the service does by itself';

/** What messages had told before the restore was acknowledged, and is not told again. */
const byAPerson = "whose refunds cannot be read: look each up in the provider's console, then --release it";

/** Which connector an account of Prism has is not known here: of some nothing can be read. */
function whatToDo(provider: AccountInEpoch['provider']): string {
  const own = allAdapters.filter(({ code }) => code === provider);
  const silent = own.filter(({ capabilities }) => !showsAllRefunds(capabilities));
  if (silent.length === 0) return byItself;
  if (silent.length === own.length) return byAPerson;
  const names = silent.map(({ displayName }) => displayName).join(', ');
  return `${byItself}; at ${names}, ${byAPerson}`;
}
