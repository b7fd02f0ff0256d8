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
const once = (payments: readonly LedgerPayment[]): LedgerPayment[] =>
  [
    ...new Map(
      payments.map((payment) => [`${payment.account} ${payment.reference}`, payment]).toReversed(),
    ).values(),
  ].toReversed();
