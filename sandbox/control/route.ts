import type { z } from 'zod';
import { firstProblem } from '../validation.ts';
import type { World } from './world.ts';

/** Answers one control call; `input` is the JSON body of a POST or DELETE, the query of a GET. */
export type Handler = (input: unknown, world: World) => Promise<unknown>;

export type Routes = Record<string, Handler>;

/** A call with a checked input; the schema's first problem becomes a ControlError and nothing is done. */
export function route<Schema extends z.ZodType>(
  schema: Schema,
  handle: (input: z.output<Schema>, world: World) => unknown,
): Handler {
  return async (input, world) => {
    const parsed = schema.safeParse(input);
    if (!parsed.success) throw firstProblem(parsed.error);
    return handle(parsed.data, world);
  };
}
