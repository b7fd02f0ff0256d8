import { types, type CustomTypesConfig } from 'pg';

const INT8 = 20;
const INT8_ARRAY = 1016;
const DATE = 1082;
const NUMERIC = 1700;
const NUMERIC_ARRAY = 1231;
const TEXT = 25;
// Widened: the type declarations of pg list no array types.
const TEXT_ARRAY: number = 1009;

/**
 * How column values arrive: `int8` as bigint (pg's default is a string), `numeric` and `date` as the strings PostgreSQL
 * prints (pg rounds `numeric[]` to floats and reads a date as midnight somewhere), `timestamptz` as Date.
 * Given to each connection; the module-wide registry of pg stays as it is.
 */
export const columnTypes: CustomTypesConfig = {
  getTypeParser(oid, format) {
    if (format === 'binary') return types.getTypeParser(oid, format);
    switch (Number(oid)) {
      case INT8:
        return BigInt;
      case INT8_ARRAY:
        return parseBigints;
      case DATE:
      case NUMERIC:
        return types.getTypeParser(TEXT);
      case NUMERIC_ARRAY:
        return types.getTypeParser(TEXT_ARRAY);
      default:
        return types.getTypeParser(oid, format);
    }
  },
};

type Nested = string | null | Nested[];
type NestedBigint = bigint | null | NestedBigint[];

function parseBigints(text: string): NestedBigint {
  const toBigint = (value: Nested): NestedBigint => {
    if (value === null) return null;
    return Array.isArray(value) ? value.map(toBigint) : BigInt(value);
  };
  const parsed: Nested = types.getTypeParser(TEXT_ARRAY)(text);
  return toBigint(parsed);
}
