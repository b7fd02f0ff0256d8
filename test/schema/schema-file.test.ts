import { readFile } from 'node:fs/promises';
import {
  isEnumType,
  isInputObjectType,
  isInterfaceType,
  isIntrospectionType,
  isObjectType,
  isSpecifiedScalarType,
  type GraphQLNamedType,
} from 'graphql';
import { describe, expect, test } from 'vitest';
import { buildSchema } from '../../src/schema/index.ts';
import { isMoneyMoving, moneyMovingFields } from '../../src/schema/money-moving.ts';
import { printSchema } from '../../src/schema/print.ts';

const schema = buildSchema();
const types = Object.values(schema.getTypeMap()).filter(
  (type) => !isIntrospectionType(type) && !isSpecifiedScalarType(type),
);

interface Element {
  readonly name: string;
  readonly of: {
    readonly description?: string | null | undefined;
    readonly deprecationReason?: string | null | undefined;
    readonly type?: unknown;
  };
}

/** Every element of a type that a reader meets: `Type`, `Type.field`, `Type.field(argument)`. */
function elementsOf(type: GraphQLNamedType): Element[] {
  const own = [{ name: type.name, of: type }];
  if (isEnumType(type))
    return [...own, ...type.getValues().map((value) => ({ name: `${type.name}.${value.name}`, of: value }))];
  if (isInputObjectType(type))
    return [
      ...own,
      ...Object.values(type.getFields()).map((field) => ({ name: `${type.name}.${field.name}`, of: field })),
    ];
  if (!isObjectType(type) && !isInterfaceType(type)) return own;
  const fields = Object.values(type.getFields()).flatMap((field) => [
    { name: `${type.name}.${field.name}`, of: field },
    ...field.args.map((arg) => ({ name: `${type.name}.${field.name}(${arg.name})`, of: arg })),
  ]);
  return [...own, ...fields];
}
const elements = types.flatMap(elementsOf);

describe('schema.graphql', () => {
  test('is what the code says (npm run schema)', async () => {
    const file = await readFile(new URL('../../schema.graphql', import.meta.url), 'utf8');
    expect(file).toBe(printSchema());
  });

  test('describes every type, field, argument, enum value and input field', () => {
    expect(elements.length).toBeGreaterThan(300);
    expect(elements.filter(({ of }) => !of.description?.trim()).map(({ name }) => name)).toEqual([]);
  });

  test('deprecates nothing', () => {
    const deprecated = elements.filter(({ of }) => of.deprecationReason);
    expect(deprecated.map(({ name }) => name)).toEqual([]);
  });

  test('has no floating point anywhere', () => {
    const floats = elements.filter(({ of }) => String(of.type).includes('Float'));
    expect(floats.map(({ name }) => name)).toEqual([]);
  });
});

describe('errors as data', () => {
  const errorInterface = schema.getType('RefundError');
  const concrete = isInterfaceType(errorInterface) ? schema.getPossibleTypes(errorInterface) : [];

  test('have a concrete type for every problem that the rules know', () => {
    expect(concrete.map((type) => type.name).toSorted()).toEqual([
      'AmountExceedsRefundable',
      'AmountNotAllocatable',
      'CapabilityMissing',
      'CurrencyMismatch',
      'FeeBearerRequired',
      'FieldTooLong',
      'IdempotencyKeyReused',
      'InvalidInput',
      'NotCancelable',
      'NotFound',
      'NotResolvable',
      'NotRetryable',
      'OperationInProgress',
      'PaymentNotRefundable',
      'ProviderProblem',
      'ReferenceTaken',
      'RefundWindowClosed',
      'RefundableChanged',
      'StaleVersion',
    ]);
  });

  test('give one field name one type and nullability, so that any client can select several', () => {
    const typesByField = new Map<string, Set<string>>();
    for (const field of concrete.flatMap((type) => Object.values(type.getFields())))
      typesByField.set(field.name, (typesByField.get(field.name) ?? new Set()).add(String(field.type)));
    const ambiguous = [...typesByField].filter(([, fieldTypes]) => fieldTypes.size > 1);
    expect(ambiguous).toEqual([]);
    expect(typesByField.get('existing')).toEqual(new Set(['Refund']));
  });
});

describe('@moneyMoving', () => {
  test('marks the mutations that may make a provider move money, and no others', () => {
    const marked = ['cancelPayment', 'createRefund', 'resolveRefund', 'retryRefund', 'syncRefund'];
    expect([...moneyMovingFields(schema)].toSorted()).toEqual(marked);
    expect(marked.every(isMoneyMoving)).toBe(true);
    expect(isMoneyMoving('cancelRefund')).toBe(false);
  });
});
