import type { KeyObject } from 'node:crypto';
import { compactVerify } from 'jose';

/** Tokens of providers have a few hundred characters. */
const MAX_CHARACTERS = 16_384;

const FORM = /^([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]*)$/;

/** A compact JWS (RFC 7515 section 7.1) that is not verified yet. */
export interface CompactJws {
  /** As it came. */
  readonly text: string;
  /** Whoever sent it wrote this: it tells which key to try, and proves nothing. */
  readonly header: unknown;
}

/** Reads a body that is a compact JWS and nothing else; undefined for any other. */
export function readCompactJws(body: Buffer): CompactJws | undefined {
  if (body.length > MAX_CHARACTERS) return undefined;
  const text = body.toString('latin1');
  const [, header = '', payload = '', signature = ''] = FORM.exec(text) ?? [];
  if (header === '' || ![header, payload, signature].every(isCanonical)) return undefined;
  try {
    return { text, header: JSON.parse(Buffer.from(header, 'base64url').toString('utf8')) };
  } catch {
    return undefined;
  }
}

/** Its payload if this key has signed it by this algorithm, whatever its header asks for; else undefined. */
export async function verifiedPayload(
  { text }: CompactJws,
  key: KeyObject,
  algorithm: 'ES256' | 'RS256',
): Promise<string | undefined> {
  try {
    const { payload } = await compactVerify(text, key, { algorithms: [algorithm] });
    return Buffer.from(payload).toString('utf8');
  } catch {
    return undefined;
  }
}

// The last digit may have bits that mean nothing: with others in them it would be the same signature in another text.
const isCanonical = (part: string): boolean => Buffer.from(part, 'base64url').toString('base64url') === part;
