import { isCurrency, type Currency } from '../../money.ts';
import { builder } from '../builder.ts';
import { refuseValue } from './refuse-value.ts';
import { textScalar } from './text-scalar.ts';

builder.addScalarType(
  'Currency',
  textScalar<Currency>({
    name: 'Currency',
    description: 'An active ISO 4217 currency code in upper case, such as "RUB".',
    example: 'RUB',
    parse(text) {
      if (!isCurrency(text))
        throw refuseValue('Currency is an active ISO 4217 code in upper case, such as "RUB".');
      return text;
    },
    print: String,
  }),
);
