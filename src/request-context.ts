import { AsyncLocalStorage } from 'node:async_hooks';

/** What everything that a request causes may know about it, without handing it through. For logs only. */
export interface RequestContext {
  readonly requestId: string;
}

const storage = new AsyncLocalStorage<RequestContext>();

/** Runs the task, and everything that it starts, as part of this request. */
export function inRequest<T>(context: RequestContext, task: () => T): T {
  return storage.run(context, task);
}

/** The id of the request that this code runs for; undefined outside of any. */
export const currentRequestId = (): string | undefined => storage.getStore()?.requestId;
