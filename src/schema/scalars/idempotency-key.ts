import { builder } from '../builder.ts';
import { refuseValue } from './refuse-value.ts';
import { textScalar } from './text-scalar.ts';

const visibleAscii = /^[\x21-\x7e]{8,128}$/;

builder.addScalarType(
  'IdempotencyKey',
  textScalar<string>({
    name: 'IdempotencyKey',
    description:
      'Names one intention of the caller for ever: the same key is the same refund. 8 to 128 visible ASCII characters without spaces; a UUID is a good one.',
    example: 'order-1042-refund-1',
    parse(text) {
      if (!visibleAscii.test(text))
        throw refuseValue(
          `IdempotencyKey has 8 to 128 visible ASCII characters without spaces; this one has ${text.length}${/^[\x21-\x7e]*$/.test(text) ? '' : ', and some that are not allowed'}.`,
        );
      return text;
    },
    print: String,
  }),
);
