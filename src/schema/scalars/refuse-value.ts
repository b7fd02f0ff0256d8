import { GraphQLError, type ASTNode } from 'graphql';

/** A value that the scalar does not take; the caller's mistake, so it is not masked. */
export const refuseValue = (message: string, node?: ASTNode): GraphQLError =>
  new GraphQLError(message, { nodes: node, extensions: { code: 'BAD_USER_INPUT' } });
