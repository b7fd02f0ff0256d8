import { builder } from '../builder.ts';
import { refuseValue } from './refuse-value.ts';
import { textScalar } from './text-scalar.ts';

const digits = /^-?\d{1,19}$/;

builder.addScalarType(
  'MinorUnits',
  textScalar<bigint>({
    name: 'MinorUnits',
    description:
      'A whole number of the smallest units of a currency as a string of digits, such as "150000" for 1500 roubles. JSON numbers are refused, because they may have been rounded.',
    example: '150000',
    parse(text) {
      if (!digits.test(text)) throw refuseValue('MinorUnits is a string of digits, such as "150000".');
      return BigInt(text);
    },
    print: String,
  }),
);
