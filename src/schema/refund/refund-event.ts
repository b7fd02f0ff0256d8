import type { EventSource } from '../../db/events.ts';
import type { RefundEventKind, RefundEventView } from '../../resolvers/refund-history.ts';
import { builder } from '../builder.ts';
import { RefundLegRef } from '../refs.ts';
import { RefundLegStatusEnum } from './enums.ts';

type Described<Value extends string> = Record<Value, { description: string }>;

const RefundEventKindEnum = builder.enumType('RefundEventKind', {
  description: 'What happened to a refund. The list grows.',
  values: {
    CREATED: { description: 'It was asked for here; the amount was reserved.' },
    IMPORTED: { description: 'It was found at the provider, made elsewhere.' },
    MOVED: { description: 'One of its legs went from one status to another.' },
    DETAILS: {
      description:
        'The provider told more of a leg whose status stayed: a trace number, its id, another word for the status.',
    },
    CANCEL_ASKED: { description: 'The provider was asked to stop it; what became of that follows.' },
    CONTRADICTED: { description: 'The provider took back what had been final.' },
    RESOLVED: {
      description: 'A person decided with `resolveRefund`; `evidence.statement` is how they know.',
    },
    ATTENTION: { description: 'It began, or ceased, to need a person: see `Refund.attention`.' },
    MERGED: {
      description:
        'What seemed to be made elsewhere is a refund of ours: the one was closed, the other took its place.',
    },
  } as const satisfies Described<RefundEventKind>,
});

const RefundEventSourceEnum = builder.enumType('RefundEventSource', {
  description: 'Where the knowledge behind a change came from. The list grows.',
  values: {
    API: { description: 'A mutation asked for it.' },
    PROVIDER_ANSWER: { description: 'The provider answered so to what was sent.' },
    PROVIDER_MESSAGE: {
      description:
        'A provider that cannot be asked told it, with a verified signature: `evidence.event`, `evidence.toldAt`.',
    },
    PROVIDER_READ: { description: 'It was read at the provider.' },
    SERVICE: { description: 'The service did it by its own rules.' },
  } as const satisfies Described<EventSource>,
});

export const RefundEventRef = builder.objectRef<RefundEventView>('RefundEvent').implement({
  description: 'One step in the life of a refund. Steps are never changed or removed.',
  fields: (t) => ({
    kind: t.expose('kind', { type: RefundEventKindEnum, description: 'What happened.' }),
    at: t.expose('at', { type: 'DateTime', description: 'When it was recorded.' }),
    actor: t.exposeString('actor', {
      description: 'Who caused it: `key:` and the name of an API key, or `system`.',
    }),
    source: t.expose('source', {
      type: RefundEventSourceEnum,
      description: 'Where the knowledge behind it came from.',
    }),
    from: t.expose('from', {
      type: RefundLegStatusEnum,
      nullable: true,
      description:
        'The status before; null at the beginning, and where no status changed. The same as `to` when a send was answered, and of DETAILS.',
    }),
    to: t.expose('to', {
      type: RefundLegStatusEnum,
      nullable: true,
      description: 'The status after; null where no status changed.',
    }),
    evidence: t.expose('evidence', {
      type: 'StringMap',
      description:
        'What it was concluded from: figures, ids and codes, and the statement of a verdict; no free text of a provider.',
    }),
    leg: t.expose('leg', {
      type: RefundLegRef,
      nullable: true,
      description: 'Which leg it happened to, as the leg is now; null when it was all of the refund.',
    }),
  }),
});
