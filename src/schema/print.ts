import { printSchemaWithDirectives } from '@graphql-tools/utils';
import { buildSchema } from './index.ts';

/** The text of `schema.graphql`. */
export const printSchema = (): string => `${printSchemaWithDirectives(buildSchema()).trimEnd()}\n`;
