import { getNamedType, isInterfaceType, isObjectType, type GraphQLObjectType } from 'graphql';
import { describe, expect, test } from 'vitest';
import { dependencyOf, fieldDependencies } from '../../src/schema/field-dependencies.ts';
import { buildSchema } from '../../src/schema/index.ts';

const schema = buildSchema();
const roots = ['node', 'nodes', 'refund', 'refunds'];

/** Every type that a tagged answer may have objects of: what lies behind a field that is not tracked is not reached. */
function reachableTypes(): Map<string, GraphQLObjectType | undefined> {
  const reached = new Map<string, GraphQLObjectType | undefined>();
  const visit = (type: unknown): void => {
    if (isInterfaceType(type)) {
      reached.set(type.name, undefined);
      for (const possible of schema.getPossibleTypes(type)) visit(possible);
      return;
    }
    if (!isObjectType(type) || reached.has(type.name)) return;
    reached.set(type.name, type);
    for (const field of Object.values(type.getFields()))
      if ((dependencyOf(type.name, field.name) ?? 'untracked') !== 'untracked')
        visit(getNamedType(field.type));
  };
  for (const root of roots) visit(getNamedType(schema.getQueryType()!.getFields()[root]!.type));
  return reached;
}

describe('what fields depend on', () => {
  test.each([...reachableTypes().keys()])('is declared for every field of %s, and for no other', (name) => {
    const type = schema.getType(name);
    const fields = isObjectType(type) || isInterfaceType(type) ? Object.keys(type.getFields()) : [];
    expect(Object.keys(fieldDependencies[name] ?? {}).toSorted()).toEqual(fields.toSorted());
  });

  test('is declared for types that tagged answers can show, and for no others', () => {
    expect(Object.keys(fieldDependencies).toSorted()).toEqual([...reachableTypes().keys()].toSorted());
  });

  test.each([
    ['Refund', 'somethingNew'],
    ['SomethingNew', 'id'],
    ['Query', 'viewer'],
    ['Refund', 'toString'],
  ])('is not known of %s.%s, which gets no tag', (type, field) => {
    expect(dependencyOf(type, field)).toBeUndefined();
  });

  test('what changes with time, or is shown by a row without a version, is not tracked', () => {
    const untracked = Object.entries(fieldDependencies).flatMap(([type, fields]) =>
      Object.entries(fields).flatMap(([field, dependency]) =>
        dependency === 'untracked' ? [`${type}.${field}`] : [],
      ),
    );
    expect(untracked).toEqual(
      expect.arrayContaining([
        'Refund.allowedActions',
        'RefundLeg.nextLookAt',
        'Payment.refundability',
        'Payment.allowedActions',
        'Payment.freshness',
        'ProviderAccount.health',
        'RefundConnection.changesCursor',
      ]),
    );
  });
});
