import { GraphQLScalarType, Kind } from 'graphql';
import { readLiteral, refuseValue } from './refuse-value.ts';

/**
 * A scalar that travels as a string both ways. Numbers are refused, as JSON and as literals: they may have
 * been rounded before they came here.
 */
export function textScalar<Internal>(config: {
  readonly name: string;
  readonly description: string;
  readonly example: string;
  /** @throws through `refuseValue` for a text that the scalar does not take */
  readonly parse: (text: string) => Internal;
  readonly print: (value: unknown) => string;
}): GraphQLScalarType<Internal, string> {
  const { name, description, example } = config;
  const notAString = `${name} is a string: send ${JSON.stringify(example)}, in quotes.`;
  return new GraphQLScalarType<Internal, string>({
    name,
    description,
    serialize: config.print,
    parseValue(value) {
      if (typeof value !== 'string') throw refuseValue(notAString);
      return config.parse(value);
    },
    parseLiteral(node) {
      if (node.kind !== Kind.STRING) throw refuseValue(notAString, node);
      return readLiteral(node, () => config.parse(node.value));
    },
  });
}
