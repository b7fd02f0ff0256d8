import { builder } from '../builder.ts';
import { textScalar } from './text-scalar.ts';

builder.addScalarType(
  'Decimal',
  textScalar<string>({
    name: 'Decimal',
    description:
      'A decimal number as a string, such as "1500.00": digits, and a point with decimals where there are any. JSON numbers are refused, because they may have been rounded.',
    example: '1500.00',
    // Whether it is an amount of its currency is told as a typed error by the mutation.
    parse: (text) => text,
    print: String,
  }),
);
