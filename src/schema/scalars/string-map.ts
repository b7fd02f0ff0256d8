import { GraphQLScalarType, Kind, valueFromASTUntyped } from 'graphql';
import { builder } from '../builder.ts';
import { readLiteral, refuseValue } from './refuse-value.ts';

const notAMap = 'StringMap is an object whose values are all strings, such as {"order": "1042"}.';

function readMap(value: unknown): Record<string, string> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw refuseValue(notAMap);
  const entries = Object.entries(value).map(([key, text]: [string, unknown]): [string, string] => {
    if (typeof text !== 'string') throw refuseValue(`${notAMap} ${JSON.stringify(key.slice(0, 64))} is not.`);
    return [key, text];
  });
  return Object.fromEntries(entries);
}

builder.addScalarType(
  'StringMap',
  new GraphQLScalarType<Record<string, string>, Record<string, string>>({
    name: 'StringMap',
    description: 'A flat JSON object whose values are all strings, such as {"order": "1042"}.',
    serialize: (value) => readMap(value),
    parseValue: readMap,
    parseLiteral(node, variables) {
      if (node.kind !== Kind.OBJECT) throw refuseValue(notAMap, node);
      return readLiteral(node, () => readMap(valueFromASTUntyped(node, variables)));
    },
  }),
);
