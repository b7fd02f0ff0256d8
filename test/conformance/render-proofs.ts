import type { FormatOptions } from 'oxfmt';
import { format } from 'oxfmt';
import { readFileSync } from 'node:fs';
import type { Proof } from '../../src/providers/claims.ts';
import { AND, type Results } from './results.ts';

// Our own file.
const style = JSON.parse(
  readFileSync(new URL('../../.oxfmtrc.json', import.meta.url), 'utf8'),
) as FormatOptions;

/** The text of src/providers/proven-capabilities.ts. */
export async function renderProofs(all: Iterable<Results>): Promise<string> {
  const proofs = [...all].map(({ way, suite, proven }): [string, Proof] => [
    way,
    {
      suite,
      claims: Object.fromEntries(
        Object.entries(proven).map(([claim, scenarios]) => [claim, scenarios.split(AND)]),
      ),
    },
  ]);
  const text = `import type { Proof } from './claims.ts';

/** Made from test/conformance/results by \`npm run conformance\`: by adapter, which scenarios proved what. */
export const provenCapabilities: Readonly<Record<string, Proof>> = ${JSON.stringify(Object.fromEntries(proofs), null, 2)};
`;
  const { code, errors } = await format('proven-capabilities.ts', text, style);
  if (errors.length > 0) throw new Error(JSON.stringify(errors));
  return code;
}
