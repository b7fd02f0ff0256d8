import type { FeedPosition } from '../db/changes.ts';
import { badUserInput } from './request-errors.ts';

const pattern = /^f1\.(\d{1,18})\.(\d{1,20})\.(\d{1,18})$/;
/** xid8 is an unsigned number of 64 bits. */
const MAX_XID = 2n ** 64n - 1n;

export const printFeedCursor = ({ epoch, xid, seq }: FeedPosition): string =>
  Buffer.from(`f1.${epoch}.${xid}.${seq}`).toString('base64url');

/** @throws BAD_USER_INPUT for what this API has not given out as a cursor of the feed */
export function readFeedCursor(text: string): FeedPosition {
  const [, epoch, xid, seq] = pattern.exec(Buffer.from(text, 'base64url').toString('latin1')) ?? [];
  if (epoch === undefined || xid === undefined || seq === undefined || BigInt(xid) > MAX_XID)
    throw badUserInput(
      ['after'],
      '"after" is not a cursor of the change feed. Pass `cursor` or `changesCursor` as it was returned, or leave it out to start now.',
    );
  return { epoch: BigInt(epoch), xid: BigInt(xid), seq: BigInt(seq) };
}
