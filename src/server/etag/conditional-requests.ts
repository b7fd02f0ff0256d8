import { createHash } from 'node:crypto';
import { printSchema, type GraphQLSchema } from 'graphql';
import type { Viewer } from '../../context.ts';
import { encodeGlobalId } from '../../ids.ts';
import type { Freshness } from '../../refunds/looks/freshness.ts';
import type { Caller } from '../../refunds/world.ts';
import { summarizeFreshness } from '../../resolvers/shown-freshness.ts';
import type { DueLook, Validators } from '../../resolvers/validators.ts';
import type { Answer } from '../answer.ts';
import { createDocumentCache } from '../document-cache.ts';
import type { GraphqlHandler, GraphqlRequest } from '../graphql.ts';
import type { PersistedOperations } from '../persisted-operations.ts';
import { readRequestParams } from '../request-params.ts';
import { makeEntityTag, readIfNoneMatch, type IfNoneMatch } from './entity-tag.ts';
import { createPageMemory } from './page-memory.ts';
import { createReadWish, type Wish } from './read-wish.ts';
import { notModified, withFreshness, withTag } from './tagged-answers.ts';

export interface ConditionalOptions {
  readonly schema: GraphQLSchema;
  readonly validators: Validators;
  readonly persisted: PersistedOperations;
  /** Of the service. */
  readonly version: string;
}

/** What is known before anything is executed. */
interface Check {
  readonly tag: string;
  /** Whether freshness and due looks are those of the answer that has this tag. */
  readonly isWhole: boolean;
  readonly freshness: Freshness | undefined;
  readonly due: readonly DueLook[];
}

/**
 * Answers 304 to who has the present answer already (MONEY section 11), before GraphQL is entered. What the tag is made
 * of is read before the operation is executed, never after: an answer may be newer than its tag, which costs one more
 * answer, and is never older.
 */
export function withConditionalRequests(
  execute: GraphqlHandler,
  options: ConditionalOptions,
): GraphqlHandler {
  const { validators } = options;
  const wishOf = createWishes(options);
  const pages = createPageMemory();
  let build: string | undefined;

  return async (request) => {
    const { incoming, body, caller, record } = request;
    const wish = caller && body === undefined ? wishOf(request, caller.viewer) : undefined;
    if (caller === undefined || wish === undefined || isToldPlan(caller.viewer, wish))
      return withFreshness(await execute(request), record);
    const wanted = readIfNoneMatch(incoming.headers['if-none-match']);
    const { accept = '' } = incoming.headers;
    build ??= buildOf(options);
    const parts = [build, wish.digest, viewerPart(caller.viewer), accept];
    const check = await (
      wish.list === undefined
        ? checkSubjects(caller, wish, parts)
        : checkList(caller, wish.list, parts, wanted)
    ).catch(withoutCheck);
    if (check !== undefined && (await mayAnswer304(caller, check, wanted).catch(() => false))) {
      record.operationType = 'query';
      record.operationName = wish.operationName;
      return notModified(check.tag, check.freshness);
    }
    const answer = await execute(request);
    if (check === undefined || answer.status !== 200 || record.hasErrors) return answer;
    return tagged(answer, request, caller, wish, check, wanted);
  };

  async function checkSubjects(caller: Caller, wish: Wish, parts: readonly string[]): Promise<Check> {
    const { merchantId } = caller.viewer;
    const { validator, ...rest } = await validators.readSubjects(
      merchantId,
      wish.subjects,
      wish.countsPayments,
    );
    return { tag: makeEntityTag([...parts, validator]), isWhole: true, ...rest };
  }

  /** The freshness first: what is called unchanged then was unchanged when it was looked at. */
  async function checkList(
    caller: Caller,
    limits: NonNullable<Wish['list']>,
    parts: readonly string[],
    wanted: IfNoneMatch,
  ): Promise<Check | undefined> {
    const { merchantId } = caller.viewer;
    const known = wanted.tags.find((tag) => pages.find(tag) !== undefined);
    const ids = (known === undefined ? undefined : pages.find(known)) ?? [];
    const subjects = ids.map((globalId) => ({ globalId, ...limits }));
    const { freshness, due } = await validators.readSubjects(merchantId, subjects, false);
    const feed = await validators.readFeed(merchantId);
    if (feed === undefined) return undefined;
    const tag = makeEntityTag([...parts, feed]);
    return { tag, isWhole: tag === known, freshness, due };
  }

  /** Whoever waits for a look that is due gets an answer of after it; else the look is started first. */
  async function mayAnswer304(caller: Caller, check: Check, { tags }: IfNoneMatch): Promise<boolean> {
    if (!check.isWhole || !tags.includes(check.tag)) return false;
    if (check.due.some(({ waitMs }) => waitMs > 0)) return false;
    if (check.due.length > 0) await validators.startLooks(caller, check.due);
    return true;
  }

  async function tagged(
    answer: Answer,
    { record: { shown } }: GraphqlRequest,
    caller: Caller,
    wish: Wish,
    { tag, freshness: before }: Check,
    { isAny }: IfNoneMatch,
  ): Promise<Answer> {
    let freshness = summarizeFreshness(shown.freshness) ?? before;
    if (wish.list !== undefined) {
      const ids = shown.listed.map((id) => encodeGlobalId('Refund', id));
      pages.keep(tag, ids);
      const { list } = wish;
      const subjects = ids.map((globalId) => ({ globalId, ...list }));
      if (shown.freshness.length === 0)
        ({ freshness } = await validators.readSubjects(caller.viewer.merchantId, subjects, false));
    }
    if (isAny) return notModified(tag, freshness);
    return withTag(answer, tag, freshness);
  }
}

/** What calls an answer took is of that answer alone (`extensions.plan`): a 304 would call an old plan the present one. */
const isToldPlan = ({ scopes }: Viewer, { subjects, list }: Wish): boolean =>
  scopes.has('debug') &&
  [...subjects, ...(list === undefined ? [] : [list])].some(
    ({ maxAgeSeconds }) => maxAgeSeconds !== undefined,
  );

/** The database is in trouble, which whoever executes the operation will tell. */
const withoutCheck = (): undefined => undefined;

/** By what an answer may differ although nothing that is stored does. */
const buildOf = ({ version, schema, validators }: ConditionalOptions): string =>
  createHash('sha256')
    .update(JSON.stringify([version, printSchema(schema), validators.configuration]))
    .digest('base64url');

/** Requests that were seen before are known by their URL, for as long as there is room. */
function createWishes({ schema, persisted }: ConditionalOptions) {
  const readWish = createReadWish(schema);
  const known = createDocumentCache<{ readonly wish: Wish | undefined }>();
  return ({ incoming }: GraphqlRequest, { merchantId }: Viewer): Wish | undefined => {
    // What a hash stands for may be known to one merchant only.
    const key = `${merchantId} ${incoming.url ?? ''}`;
    const found = known.get(key);
    if (found !== undefined) return found.wish;
    const source = { incoming: { method: 'GET', url: incoming.url }, body: undefined, holder: merchantId };
    const read = readRequestParams(source, persisted);
    // It may be known with the next request.
    if (read.kind === 'refused') return undefined;
    const wish = readWish(read.params);
    known.set(key, { wish });
    return wish;
  };
}

/** The key with what it may do: what is shown may depend on both. */
function viewerPart(viewer: Viewer): string {
  const known = viewerParts.get(viewer);
  if (known !== undefined) return known;
  const part = JSON.stringify([viewer.merchantId, viewer.keyId, [...viewer.scopes].toSorted()]);
  viewerParts.set(viewer, part);
  return part;
}

const viewerParts = new WeakMap<Viewer, string>();
