import { providers as registered, type Providers } from '../../src/providers/registry.ts';
import { toyProvider } from './toy/index.ts';

/** Those of the registry, and the toy: a child process takes them by this name. */
export const providers: Providers = [...registered, toyProvider];
