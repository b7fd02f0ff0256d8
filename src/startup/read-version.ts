import { readFileSync } from 'node:fs';

/** The version of this package; its file lies beside the code, as source and as it is shipped. */
export function readVersion(): string {
  const text = readFileSync(new URL('../../package.json', import.meta.url), 'utf8');
  return (JSON.parse(text) as { readonly version: string }).version;
}
