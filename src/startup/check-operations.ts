import { GraphQLError, Kind, type GraphQLSchema } from 'graphql';
import { ConfigError, type ConfigProblem, type PersistedOperationsConfig } from '../config.ts';
import { placeOfOperation } from '../config/persisted-operations.ts';
import { parseWithinLimits } from '../server/document-limits.ts';
import { validateDocument } from '../server/literal-inputs.ts';

/**
 * Makes sure that every registered operation can be executed.
 *
 * @throws ConfigError with everything that is wrong with any of them
 */
export function checkOperations(
  schema: GraphQLSchema,
  operations: PersistedOperationsConfig | undefined,
): void {
  const problems = [...(operations?.documents ?? [])].flatMap(([id, text]) =>
    problemsOf(schema, text).map((message): ConfigProblem => ({ where: placeOfOperation(id), message })),
  );
  if (problems.length > 0) throw new ConfigError(problems);
}

function problemsOf(schema: GraphQLSchema, text: string): string[] {
  try {
    const document = parseWithinLimits(text);
    const operations = document.definitions.filter(
      (definition) => definition.kind === Kind.OPERATION_DEFINITION,
    );
    if (operations.length === 0) return ['has no operation'];
    for (const { operation } of operations)
      if (schema.getRootType(operation) === undefined) return [`has a ${operation}, and the schema has none`];
    return validateDocument(schema, document).map(withPlace);
  } catch (error) {
    if (error instanceof GraphQLError) return [withPlace(error)];
    throw error;
  }
}

function withPlace({ message, locations }: GraphQLError): string {
  const [place] = locations ?? [];
  return place === undefined ? message : `line ${place.line}, column ${place.column}: ${message}`;
}
