import type { RefundPayload } from '../../resolvers/payloads.ts';
import { builder } from '../builder.ts';
import { RefundErrorRef } from '../error/refund-error.ts';
import { RefundRef } from '../refs.ts';

export const payloadRef = <Shape extends RefundPayload = RefundPayload>(name: string) =>
  builder.objectRef<Shape>(name);

type Fields = Parameters<ReturnType<typeof payloadRef>['implement']>[0]['fields'];
type FieldBuilder = Parameters<NonNullable<Fields>>[0];

export const refundOfPayload = (t: FieldBuilder, description: string) =>
  t.field({ type: RefundRef, nullable: true, description, resolve: (payload) => payload.refundId });

export const replayedOfPayload = (t: FieldBuilder) =>
  t.exposeBoolean('replayed', { description: 'It had been done before; this is how it stands now.' });

export const errorsOfPayload = (t: FieldBuilder) =>
  t.field({
    type: [RefundErrorRef],
    description: 'Why it did not take effect. Empty exactly when it took effect or was replayed.',
    resolve: (payload) => payload.problems,
  });

/** Of mutations that make or retry a refund. */
export const payloadFields = (t: FieldBuilder) => ({
  refund: refundOfPayload(
    t,
    'The refund as it stands. Null only with errors: then nothing was sent and nothing is reserved.',
  ),
  replayed: replayedOfPayload(t),
  errors: errorsOfPayload(t),
});
