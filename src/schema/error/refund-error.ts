import type { Problem } from '../../errors.ts';
import { builder } from '../builder.ts';
import { RefundErrorCodeEnum, RetryAdviceEnum } from './enums.ts';

/** The name of a problem is the name of its GraphQL type. */
export const RefundErrorRef = builder.interfaceRef<Problem>('RefundError').implement({
  description:
    'Why a mutation did not take effect. More types will come: select these fields for all of them.',
  resolveType: (problem) => problem.type,
  fields: (t) => ({
    code: t.expose('code', { type: RefundErrorCodeEnum, description: 'What went wrong.' }),
    message: t.exposeString('message', { description: 'For people; do not parse it.' }),
    path: t.field({
      type: ['String'],
      nullable: true,
      description: 'Where in the input, such as ["input", "amount"]; null when it is nowhere there.',
      resolve: (problem) => problem.path,
    }),
    retry: t.expose('retry', { type: RetryAdviceEnum, description: 'What to do next.' }),
  }),
});
