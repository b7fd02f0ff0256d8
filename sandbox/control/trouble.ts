import { ClearFaultsSchema, FaultSchema, ModeSchema, ProviderQuery, WebhooksSchema } from './schemas.ts';
import { type Routes, route } from './route.ts';
import { getServer, selectServers } from './world.ts';

/** What makes a provider misbehave or behave differently: faults, modes, notifications. */
export const TROUBLE_ROUTES: Routes = {
  'POST /control/faults': route(FaultSchema, async (input, world) => {
    const server = getServer(world, input.provider);
    server.simulator.checkFault(input);
    const fault = world.faults.add(input);
    if (fault.kind === 'connect-refused') await server.refuseConnections(fault);
    return { fault };
  }),
  'GET /control/faults': route(ProviderQuery, ({ provider }, world) => ({
    faults: world.faults.list().filter((fault) => provider === undefined || fault.provider === provider),
  })),
  'DELETE /control/faults': route(ClearFaultsSchema, async ({ provider }, world) => {
    const servers = selectServers(world, provider);
    const cleared = world.faults.clear(provider);
    await Promise.all(servers.map((server) => server.acceptConnections()));
    return { cleared };
  }),
  'POST /control/mode': route(ModeSchema, ({ provider, ...mode }, world) => {
    const { simulator } = getServer(world, provider);
    simulator.setMode(mode);
    return { provider, ...simulator.mode() };
  }),
  'GET /control/mode': route(ProviderQuery, ({ provider }, world) => ({
    modes: selectServers(world, provider).map(({ simulator }) => ({
      provider: simulator.provider,
      ...simulator.mode(),
    })),
  })),
  'POST /control/webhooks': route(WebhooksSchema, ({ provider, ...mode }, world) => {
    const { simulator } = getServer(world, provider);
    simulator.setWebhooks(mode);
    const { deliveries: _, ...now } = simulator.webhooks();
    return { provider, ...now };
  }),
  'GET /control/webhooks': route(ProviderQuery, ({ provider }, world) => ({
    webhooks: selectServers(world, provider).map(({ simulator }) => ({
      provider: simulator.provider,
      ...simulator.webhooks(),
    })),
  })),
};
