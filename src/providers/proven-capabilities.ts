import type { Proof } from './claims.ts';

/** Made from test/conformance/results by `npm run conformance`: by adapter, which scenarios proved what. */
export const provenCapabilities: Readonly<Record<string, Proof>> = {};
