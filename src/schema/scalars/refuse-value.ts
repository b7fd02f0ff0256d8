import { GraphQLError, type ASTNode } from 'graphql';

/** A value that the scalar does not take; the caller's mistake, so it is not masked. */
export const refuseValue = (message: string, node?: ASTNode): GraphQLError =>
  new GraphQLError(message, { nodes: node, extensions: { code: 'BAD_USER_INPUT' } });

/** What `read` refuses of a literal, it refuses at the literal's place in the document. */
export function readLiteral<Internal>(node: ASTNode, read: () => Internal): Internal {
  try {
    return read();
  } catch (error) {
    throw error instanceof GraphQLError ? refuseValue(error.message, node) : error;
  }
}
