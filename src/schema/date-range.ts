import type { DateRange } from '../refunds/expected-arrival.ts';
import { builder } from './builder.ts';

export const DateRangeRef = builder.objectRef<DateRange>('DateRange').implement({
  description: 'A span of time, both ends known.',
  fields: (t) => ({
    from: t.expose('from', { type: 'DateTime', description: 'The earliest instant.' }),
    to: t.expose('to', { type: 'DateTime', description: 'The latest instant; not before `from`.' }),
  }),
});
