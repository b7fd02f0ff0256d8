import {
  GraphQLError,
  Kind,
  Lexer,
  parse,
  Source,
  TokenKind,
  type DocumentNode,
  type FragmentDefinitionNode,
  type SelectionSetNode,
} from 'graphql';

/** Bounds of one document. The introspection query of GraphiQL has about 300 tokens, 150 fields, 14 levels. */
export const MAX_TOKENS = 2_000;
/** Open brackets of any kind; bounds the recursion of the parser and of everything that walks its tree. */
export const MAX_NESTING = 60;
/** Levels of fields, fragments spread out. */
export const MAX_DEPTH = 20;
/** Fields with every fragment spread out where it is used. */
export const MAX_FIELDS = 2_000;

const tooComplex = (message: string): GraphQLError =>
  new GraphQLError(message, { extensions: { code: 'QUERY_TOO_COMPLEX', http: { status: 400, spec: true } } });

/**
 * Parses a document within the bounds that hold for its text. A look at the tokens comes first, because the
 * parser is recursive: a few thousand opening braces would exhaust its stack.
 *
 * @throws GraphQLError for a syntax error, or with code QUERY_TOO_COMPLEX
 */
export function parseWithinLimits(text: string | Source): DocumentNode {
  const source = typeof text === 'string' ? new Source(text) : text;
  const lexer = new Lexer(source);
  let nesting = 0;
  for (let tokens = 0; ; tokens += 1) {
    const { kind } = lexer.advance();
    if (kind === TokenKind.EOF) break;
    if (kind === TokenKind.BRACE_L || kind === TokenKind.BRACKET_L || kind === TokenKind.PAREN_L)
      nesting += 1;
    if (kind === TokenKind.BRACE_R || kind === TokenKind.BRACKET_R || kind === TokenKind.PAREN_R)
      nesting -= 1;
    if (nesting > MAX_NESTING) throw tooComplex(`The document is nested deeper than ${MAX_NESTING} levels.`);
    if (tokens >= MAX_TOKENS) throw tooComplex(`The document has more than ${MAX_TOKENS} tokens.`);
  }
  return parse(source, { maxTokens: MAX_TOKENS });
}

interface Extent {
  readonly depth: number;
  readonly fields: number;
}

/**
 * Why the document is too large once its fragments are spread out; undefined when it is not. Each fragment
 * is measured once, so that this costs the length of the document however often fragments use each other.
 * Cycles count as nothing: validation refuses them by their own rule.
 */
export function findExcess(document: DocumentNode): GraphQLError | undefined {
  const fragments = new Map<string, FragmentDefinitionNode>();
  for (const definition of document.definitions)
    if (definition.kind === Kind.FRAGMENT_DEFINITION) fragments.set(definition.name.value, definition);
  const measured = new Map<string, Extent>();

  function measureFragment(name: string): Extent {
    const known = measured.get(name);
    if (known !== undefined) return known;
    measured.set(name, { depth: 0, fields: 0 });
    const fragment = fragments.get(name);
    const extent = fragment === undefined ? { depth: 0, fields: 0 } : measure(fragment.selectionSet);
    measured.set(name, extent);
    return extent;
  }

  function measure(set: SelectionSetNode): Extent {
    let depth = 0;
    let fields = 0;
    for (const selection of set.selections) {
      const isField = selection.kind === Kind.FIELD;
      const inner =
        selection.kind === Kind.FRAGMENT_SPREAD
          ? measureFragment(selection.name.value)
          : selection.selectionSet === undefined
            ? { depth: 0, fields: 0 }
            : measure(selection.selectionSet);
      depth = Math.max(depth, inner.depth + (isField ? 1 : 0));
      fields += inner.fields + (isField ? 1 : 0);
    }
    return { depth, fields };
  }

  for (const definition of document.definitions) {
    if (definition.kind !== Kind.OPERATION_DEFINITION) continue;
    const { depth, fields } = measure(definition.selectionSet);
    if (depth > MAX_DEPTH) return tooComplex(`The operation selects deeper than ${MAX_DEPTH} levels.`);
    if (fields > MAX_FIELDS) return tooComplex(`The operation selects more than ${MAX_FIELDS} fields.`);
  }
  return undefined;
}
