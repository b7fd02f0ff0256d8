import type { TraceReferenceView } from '../../resolvers/trace-references.ts';
import { builder } from '../builder.ts';
import { TraceAvailabilityEnum, TraceKindEnum } from './enums.ts';

export const TraceReferenceRef = builder.objectRef<TraceReferenceView>('TraceReference').implement({
  description: 'A number with which a bank can find the money.',
  fields: (t) => ({
    kind: t.expose('kind', { type: TraceKindEnum, description: 'What sort of number it is.' }),
    value: t.exposeString('value', {
      nullable: true,
      description: 'The number; null while it is not known.',
    }),
    availability: t.expose('availability', {
      type: TraceAvailabilityEnum,
      description: 'Whether it is known, or will be.',
    }),
  }),
});
