import type { IncomingMessage } from 'node:http';
import { errorAnswer, type Answer } from './answer.ts';

/**
 * Whether a body is announced as JSON, with or without parameters. Nothing else may be executed: what a web
 * page can send without the browser asking first (a form, plain text) is not JSON.
 */
export const isJson = ({ headers }: IncomingMessage): boolean =>
  /^application\/json[ \t]*(?:;|$)/i.test(headers['content-type'] ?? '');

export const notJson = (): Answer =>
  errorAnswer(415, 'UNSUPPORTED_MEDIA_TYPE', 'Send the request as application/json.');
