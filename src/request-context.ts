import { AsyncLocalStorage } from 'node:async_hooks';

/** What everything that a request causes may know about it, without handing it through. For logs only. */
export interface LogContext {
  readonly requestId?: string;
  /** The refund that is being sent or looked at. */
  readonly refundId?: string;
}

const storage = new AsyncLocalStorage<LogContext>();

/** Runs the task, and everything that it starts, with these fields in every log line, beside those around it. */
export function withLogContext<T>(context: LogContext, task: () => T): T {
  return storage.run({ ...storage.getStore(), ...context }, task);
}

export const currentLogContext = (): LogContext => storage.getStore() ?? {};

/** The id of the request that this code runs for; undefined outside of any. */
export const currentRequestId = (): string | undefined => storage.getStore()?.requestId;
