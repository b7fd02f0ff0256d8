import { parseArgs } from 'node:util';
import type { DeliveryQuery } from '../db/event-messages.ts';
import type { DeliveryStatus } from '../db/tables.ts';
import { isUuid, type EventMessageId, type RefundId } from '../ids.ts';
import { decodeGlobalId } from '../resolvers/global-id.ts';

/** What the command `events` is asked to do. */
export type EventsWish =
  | { readonly kind: 'endpoints' }
  | { readonly kind: 'list'; readonly query: DeliveryQuery }
  | { readonly kind: 'resend'; readonly endpoint: string; readonly messageId: EventMessageId }
  | { readonly kind: 'resend-failed'; readonly endpoint: string; readonly since: Date }
  | { readonly kind: 'enable'; readonly endpoint: string };

/** What is wrong with the arguments, in one line. */
export class WishError extends Error {
  override readonly name = 'WishError';
}

const STATUSES: readonly DeliveryStatus[] = ['PENDING', 'DELIVERED', 'FAILED', 'DISCARDED'];
const LISTED = { usually: 20, atMost: 1_000 } as const;

const OPTIONS = {
  endpoint: { type: 'string' },
  status: { type: 'string' },
  refund: { type: 'string' },
  limit: { type: 'string' },
  'failed-since': { type: 'string' },
} as const;

type Options = Readonly<{ [Name in keyof typeof OPTIONS]?: string | undefined }>;

/** @throws WishError */
export function readWish(args: readonly string[]): EventsWish {
  const { verb, rest, options } = parse(args);
  switch (verb) {
    case 'endpoints':
      refuseOthers(rest, options, []);
      return { kind: 'endpoints' };
    case 'list':
      refuseOthers(rest, options, ['endpoint', 'status', 'refund', 'limit']);
      return { kind: 'list', query: readQuery(options) };
    case 'enable':
      refuseOthers(rest.slice(1), options, []);
      return { kind: 'enable', endpoint: given(rest[0], 'the code of an endpoint') };
    case 'resend':
      refuseOthers(rest.slice(1), options, ['endpoint', 'failed-since']);
      return readResend(rest[0], options);
    default:
      throw new WishError(verb === undefined ? 'Say what to do.' : `There is no "${verb}".`);
  }
}

function parse(args: readonly string[]) {
  try {
    const { values, positionals } = parseArgs({ args: [...args], options: OPTIONS, allowPositionals: true });
    const [verb, ...rest] = positionals;
    return { verb, rest, options: values as Options };
  } catch (error) {
    throw new WishError(error instanceof Error ? error.message : String(error), { cause: error });
  }
}

function refuseOthers(rest: readonly string[], options: Options, known: readonly string[]): void {
  const [word] = rest;
  if (word !== undefined) throw new WishError(`"${word}" is too much.`);
  const other = Object.keys(options).find((name) => !known.includes(name));
  if (other !== undefined) throw new WishError(`--${other} does not belong here.`);
}

function given(value: string | undefined, what: string): string {
  if (value === undefined || value === '') throw new WishError(`Name ${what}.`);
  return value;
}

function readQuery({ endpoint, status, refund, limit }: Options): DeliveryQuery {
  const wanted = status?.toUpperCase();
  const known = STATUSES.find((each) => each === wanted);
  if (status !== undefined && known === undefined)
    throw new WishError(`--status is one of ${STATUSES.map((each) => each.toLowerCase()).join(', ')}.`);
  const count = limit === undefined ? LISTED.usually : Number(/^[1-9][0-9]{0,3}$/.exec(limit)?.[0]);
  if (!(count <= LISTED.atMost)) throw new WishError(`--limit is a whole number from 1 to ${LISTED.atMost}.`);
  return {
    endpoint,
    status: known,
    refundId: refund === undefined ? undefined : refundIdOf(refund),
    limit: count,
  };
}

function refundIdOf(text: string): RefundId {
  const id = isUuid(text) ? (text as RefundId) : decodeGlobalId('Refund', text);
  if (id === undefined)
    throw new WishError('--refund is the id of a refund, as the API or the log shows it.');
  return id;
}

function readResend(message: string | undefined, options: Options): EventsWish {
  const endpoint = given(options.endpoint, 'the endpoint with --endpoint');
  const since = options['failed-since'];
  if ((message === undefined) === (since === undefined))
    throw new WishError('Name one message, or --failed-since.');
  if (since !== undefined) return { kind: 'resend-failed', endpoint, since: instantOf(since) };
  const id = given(message, 'a message').replace(/^msg_/, '');
  if (!isUuid(id)) throw new WishError('A message is named by its webhook-id, as `events list` shows it.');
  return { kind: 'resend', endpoint, messageId: id as EventMessageId };
}

/** A day, which begins in UTC, or an instant with its zone: without one it would depend on the machine. */
const INSTANT = /^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d{1,9})?)?(Z|[+-]\d\d:\d\d))?$/;

function instantOf(text: string): Date {
  const instant = new Date(text);
  if (!INSTANT.test(text) || Number.isNaN(instant.getTime()))
    throw new WishError('--failed-since is a day or an instant, such as 2026-11-22 or 2026-11-22T10:00:00Z.');
  return instant;
}
