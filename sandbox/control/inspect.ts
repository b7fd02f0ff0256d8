import { LedgerQuery, ProviderQuery, RequestsQuery } from './schemas.ts';
import { type Routes, route } from './route.ts';
import type { LedgerPayment } from '../simulator.ts';
import { selectServers } from './world.ts';

/** The oracle: what the providers' books say, what they were asked, and who may ask. */
export const INSPECT_ROUTES: Routes = {
  'GET /control/credentials': route(ProviderQuery, ({ provider }, world) =>
    Object.fromEntries(
      selectServers(world, provider).map((server) => [
        server.simulator.provider,
        server.simulator.credentials(server.url),
      ]),
    ),
  ),
  'GET /control/ledger': route(LedgerQuery, ({ provider, reference }, world) => ({
    payments: once(selectServers(world, provider).flatMap(({ simulator }) => simulator.ledger(reference))),
  })),
  'GET /control/requests': route(RequestsQuery, ({ provider, since }, world) => {
    selectServers(world, provider);
    return world.log.read(since, provider);
  }),
};

/** A payment that two providers show, as what is behind Prism, stands in the books once. */
function once(payments: readonly LedgerPayment[]): LedgerPayment[] {
  const seen = new Set<string>();
  return payments.filter(({ account, reference }) => {
    const name = `${account} ${reference}`;
    const isNew = !seen.has(name);
    seen.add(name);
    return isNew;
  });
}
