import type { Kysely } from 'kysely';
import { loadServiceConfig } from '../config.ts';
import { enableEndpoint, listEndpoints } from '../db/event-endpoints.ts';
import { listDeliveries, resendFailed, resendMessage, type ResendRefused } from '../db/event-messages.ts';
import type { Database } from '../db/tables.ts';
import { createLog, flushLog } from '../log.ts';
import { openDatabase } from '../startup/open-database.ts';
import { deliveriesTable, endpointsTable } from './events-table.ts';
import { readWish, WishError, type EventsWish } from './events-wish.ts';

const USAGE = `Usage:
  events endpoints                                      where events go, and how that goes
  events list [--endpoint CODE] [--status STATUS] [--refund ID] [--limit N]
                                                        deliveries, the newest first; STATUS is pending,
                                                        delivered, failed or discarded
  events resend MESSAGE --endpoint CODE                 sends one message once more
  events resend --endpoint CODE --failed-since INSTANT  sends once more what was given up or discarded since
  events enable CODE                                    sends to an endpoint again that had answered 410

docs/events.md describes the whole.
`;

/** What a command prints, and its exit code. */
interface Outcome {
  readonly ok: boolean;
  readonly text: string;
}

/**
 * `npm run events`: deliveries of events listed and sent again, beside running services or alone. Needs no accounts.
 * Exit code 0: done; 1: what was named does not exist or cannot be; 2: the arguments make no sense.
 */
export async function events(env: NodeJS.ProcessEnv, args: readonly string[]): Promise<number> {
  let wish: EventsWish;
  try {
    wish = readWish(args);
  } catch (error) {
    if (!(error instanceof WishError)) throw error;
    process.stderr.write(`${error.message}\n\n${USAGE}`);
    return 2;
  }
  const config = loadServiceConfig(env);
  // What is printed is for a pipe, too.
  const log = createLog({ level: config.logLevel, destination: process.stderr });
  const database = await openDatabase({ config, log, mode: 'attach', movableClock: false });
  try {
    const { ok, text } = await fulfil(database.db, wish);
    (ok ? process.stdout : process.stderr).write(text);
    return ok ? 0 : 1;
  } finally {
    await database.close();
    await flushLog(log);
  }
}

async function fulfil(db: Kysely<Database>, wish: EventsWish): Promise<Outcome> {
  switch (wish.kind) {
    case 'endpoints':
      return done(endpointsTable(await listEndpoints(db)));
    case 'list': {
      const { endpoint } = wish.query;
      const known = await listEndpoints(db);
      if (endpoint !== undefined && !known.some(({ code }) => code === endpoint))
        return noEndpoint(db, endpoint);
      return done(deliveriesTable(await listDeliveries(db, wish.query)));
    }
    case 'enable':
      if (!(await enableEndpoint(db, wish.endpoint))) return noEndpoint(db, wish.endpoint);
      return done(
        `${wish.endpoint} is sent what happens from now on; what was discarded only when it is resent.\n`,
      );
    case 'resend': {
      const result = await resendMessage(db, wish);
      if (result !== 'RESENT') return refused(db, wish.endpoint, result);
      return done(`msg_${wish.messageId} is sent to ${wish.endpoint} again.\n`);
    }
    case 'resend-failed': {
      const result = await resendFailed(db, wish);
      if (typeof result !== 'number') return refused(db, wish.endpoint, result);
      return done(
        `${result} ${result === 1 ? 'message is' : 'messages are'} sent to ${wish.endpoint} again.\n`,
      );
    }
  }
}

const done = (text: string): Outcome => ({ ok: true, text });
const failed = (text: string): Outcome => ({ ok: false, text: `${text}\n` });

function refused(db: Kysely<Database>, endpoint: string, why: ResendRefused): Promise<Outcome> | Outcome {
  if (why === 'NO_SUCH_ENDPOINT') return noEndpoint(db, endpoint);
  if (why === 'ENDPOINT_DISABLED')
    return failed(`${endpoint} is disabled. Enable it first: npm run events -- enable ${endpoint}`);
  return failed(
    `There is no such message for ${endpoint}: it belongs to somebody else, or was forgotten after 30 days.`,
  );
}

async function noEndpoint(db: Kysely<Database>, code: string): Promise<Outcome> {
  const known = (await listEndpoints(db)).filter(({ configured }) => configured).map((each) => each.code);
  return failed(`No endpoint ${code} is configured. Configured are: ${known.join(', ') || 'none'}.`);
}
