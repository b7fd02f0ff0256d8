import { createHash } from 'node:crypto';
import type { GraphQLSchema } from 'graphql';
import type { Subject } from '../../resolvers/validators.ts';
import { createDocumentCache } from '../document-cache.ts';
import { parseWithinLimits } from '../document-limits.ts';
import type { RequestParams } from '../request-params.ts';
import { planDocument, type PlannedRoot, type TagPlan, type Variables } from './plan-document.ts';

/** A request that may be answered with a tag. */
export interface Wish {
  readonly operationName: string | undefined;
  /** Of document, variables and operation name. */
  readonly digest: string;
  /** What it names by ids; of a list, what counts for each refund in it. */
  readonly subjects: readonly Subject[];
  /** Whether it reads a list of refunds, whose ids only an answer tells. */
  readonly list: Omit<Subject, 'globalId'> | undefined;
  readonly countsPayments: boolean;
}

/**
 * Subjects of one request, all its fields together: as many as one list of ids may have. The document is not validated
 * here, and a few hundred fields that share one long variable would name half a million.
 */
const MAX_SUBJECTS = 100;

/** Undefined: its answer gets no tag. */
export type ReadWish = (params: RequestParams) => Wish | undefined;

/** Documents are parsed once, and known by their text for as long as there is room. */
export function createReadWish(schema: GraphQLSchema): ReadWish {
  const plans = createDocumentCache<{ readonly plan: TagPlan | undefined }>();
  return (params) => {
    // Whoever asks for more than data does not get it with a 304; a document by its hash is resolved by now.
    const { persistedQuery: _resolved, ...extensions } = params.extensions ?? {};
    if (Object.keys(extensions).length > 0) return undefined;
    const key = JSON.stringify([params.operationName ?? null, params.query]);
    let known = plans.get(key);
    if (known === undefined) plans.set(key, (known = { plan: plan(schema, params) }));
    return known.plan && wishOf(known.plan, params);
  };
}

function plan(schema: GraphQLSchema, { query, operationName }: RequestParams): TagPlan | undefined {
  try {
    return planDocument(schema, parseWithinLimits(query), operationName);
  } catch {
    // Whoever executes it tells what is wrong.
    return undefined;
  }
}

function wishOf(of: TagPlan, { query, operationName, variables: given }: RequestParams): Wish | undefined {
  const variables = { ...of.defaults, ...given };
  const subjects: Subject[] = [];
  for (const root of of.roots) {
    const some = subjectsOf(root, variables, MAX_SUBJECTS - subjects.length);
    if (some === undefined) return undefined;
    subjects.push(...some);
  }
  const [list] = of.roots.filter(({ kind }) => kind === 'refunds');
  if (list !== undefined && !isTrackedList(list, variables)) return undefined;
  return {
    operationName: of.operationName,
    digest: createHash('sha256')
      .update(JSON.stringify([query, operationName ?? null, given ?? null]))
      .digest('base64url'),
    subjects,
    list: list && lookLimitsOf(list, variables),
    countsPayments: of.countsPayments,
  };
}

/** Undefined where it is named otherwise than by its id, so that something else decides which it is, or for too many. */
function subjectsOf(root: PlannedRoot, variables: Variables, atMost: number): Subject[] | undefined {
  const never = { maxAgeSeconds: undefined, waitMs: 0 };
  switch (root.kind) {
    case 'refund': {
      const by = root.argument('by', variables);
      const id = isObject(by) ? by['id'] : undefined;
      return atMost > 0 && isId(id)
        ? [{ globalId: String(id), ...lookLimitsOf(root, variables) }]
        : undefined;
    }
    case 'node':
    case 'nodes': {
      const given = root.argument(root.kind === 'node' ? 'id' : 'ids', variables);
      const ids: readonly unknown[] = Array.isArray(given) ? given : [given];
      return ids.length <= atMost && ids.every(isId)
        ? ids.map((id) => ({ globalId: String(id), ...never }))
        : undefined;
    }
    case 'refunds':
      return [];
  }
}

function lookLimitsOf(root: PlannedRoot, variables: Variables): Omit<Subject, 'globalId'> {
  const number = (name: string): number | undefined => {
    const value = root.argument(name, variables);
    return typeof value === 'number' ? value : undefined;
  };
  return { maxAgeSeconds: number('maxAgeSeconds'), waitMs: number('waitMs') ?? 0 };
}

/** The order's number is the payment's, which the feed says nothing of; a range without an end grows with time. */
function isTrackedList(root: PlannedRoot, variables: Variables): boolean {
  const filter = root.argument('filter', variables) ?? {};
  if (!isObject(filter) || isGiven(filter['orderReference'])) return false;
  const { createdAt } = filter;
  return !isGiven(createdAt) || (isObject(createdAt) && isGiven(createdAt['to']));
}

const isGiven = (value: unknown): boolean => value !== undefined && value !== null;

const isId = (value: unknown): value is string | number =>
  typeof value === 'string' || typeof value === 'number';

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
