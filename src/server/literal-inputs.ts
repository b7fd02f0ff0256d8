import {
  GraphQLError,
  specifiedRules,
  validate,
  ValuesOfCorrectTypeRule,
  type DocumentNode,
  type GraphQLSchema,
  type ValidationContext,
  type ValidationRule,
} from 'graphql';
import { badInput } from './bad-input.ts';
import { findExcess } from './document-limits.ts';
import { pathOfNode } from './input-path.ts';

/** How many errors of one document are reported. */
const MAX_ERRORS = 20;

/**
 * GraphQL validation. A literal of the wrong type is a caller's bad input like a variable of the wrong type:
 * the same code, with the path to it.
 */
export function validateDocument(schema: GraphQLSchema, document: DocumentNode): readonly GraphQLError[] {
  const excess = findExcess(document);
  return excess === undefined ? validate(schema, document, rules, { maxErrors: MAX_ERRORS }) : [excess];
}

const rules: readonly ValidationRule[] = specifiedRules.map((rule) =>
  rule === ValuesOfCorrectTypeRule ? locatedValuesRule : rule,
);

function locatedValuesRule(context: ValidationContext): ReturnType<ValidationRule> {
  const located: ValidationContext = Object.create(context, {
    reportError: {
      value: (error: GraphQLError) => {
        const node = error.nodes?.[0];
        const path = pathOfNode(context.getDocument(), (each) => each === node);
        context.reportError(badInput(error, path));
      },
    },
  });
  return ValuesOfCorrectTypeRule(located);
}
