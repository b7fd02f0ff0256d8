import { createHash } from 'node:crypto';

/** 22 characters of base64url are 132 bits. */
const TAG_CHARACTERS = 22;

/**
 * A tag of everything that an answer depends on. It is weak (RFC 9110, section 8.8.1): an answer may be newer than what
 * was read for its tag, and its freshness is outranked by headers, so that two answers of one tag say the same and need
 * not have the same bytes. The viewer is in it, so that it means nothing to anybody else.
 */
export function makeEntityTag(parts: readonly string[]): string {
  const hash = createHash('sha256').update(JSON.stringify(parts)).digest('base64url');
  return `W/"${hash.slice(0, TAG_CHARACTERS)}"`;
}

export interface IfNoneMatch {
  /** `*`: any answer at all. */
  readonly isAny: boolean;
  /** As they stand in ETag, all of them weak. */
  readonly tags: readonly string[];
}

/** An entity tag, which may hold commas (RFC 9110, section 8.8.3). */
const ENTITY_TAG = /(?:W\/)?("[\x21\x23-\x7e\x80-\xff]*")/g;
const MAX_TAGS = 20;

/** Reads If-None-Match for weak comparison (RFC 9110, sections 8.8.3.2 and 13.1.2). What is no tag matches nothing. */
export function readIfNoneMatch(header: string | undefined): IfNoneMatch {
  if (header === undefined) return { isAny: false, tags: [] };
  if (header.trim() === '*') return { isAny: true, tags: [] };
  const tags = [...header.matchAll(ENTITY_TAG)].slice(0, MAX_TAGS);
  return { isAny: false, tags: tags.map(([, opaque]) => `W/${opaque!}`) };
}
