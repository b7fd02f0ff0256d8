import { ControlError } from '../control-error.ts';
import { ClockSchema, FollowerSchema, ProviderQuery, ResetSchema } from './schemas.ts';
import { type Routes, route } from './route.ts';
import type { World } from './world.ts';

const MAX_FOLLOWERS = 32;
const FURTHEST_SECONDS = 3_153_600_000; // a hundred years: later instants are no use to anybody

/** Simulated time, who follows it, and the way back to the beginning. */
export const TIME_ROUTES: Routes = {
  'GET /control/clock': route(ProviderQuery, (_input, world) => clockNow(world)),
  'POST /control/clock': route(ClockSchema, async ({ advanceSeconds }, world) => {
    const offsetSeconds = world.clock.offsetSeconds + advanceSeconds;
    if (Math.abs(offsetSeconds) > FURTHEST_SECONDS)
      throw new ControlError('advanceSeconds', 'is too far away');
    const followers = await world.clock.moveTo(offsetSeconds);
    for (const server of world.servers) server.simulator.tick();
    return { ...clockNow(world), followers };
  }),
  'POST /control/clock/followers': route(FollowerSchema, ({ url }, world) => {
    if (world.clock.followers.length >= MAX_FOLLOWERS && !world.clock.followers.includes(url)) {
      throw new ControlError('url', `there are ${MAX_FOLLOWERS} followers already`);
    }
    world.clock.follow(url);
    return { offsetSeconds: world.clock.offsetSeconds };
  }),
  'GET /control/clock/followers': route(ProviderQuery, (_input, world) => ({
    followers: world.clock.followers,
  })),
  'DELETE /control/clock/followers': route(FollowerSchema, ({ url }, world) => ({
    removed: world.clock.unfollow(url),
  })),
  'POST /control/reset': route(ResetSchema, async ({ keepClock }, world) => {
    world.faults.clear();
    world.journal.reset();
    const followers = await world.clock.reset(keepClock);
    world.log.clear();
    for (const server of world.servers) {
      server.simulator.reset();
      await server.acceptConnections();
    }
    return { ...clockNow(world), followers };
  }),
};

function clockNow({ clock }: World): { offsetSeconds: number; now: string } {
  return { offsetSeconds: clock.offsetSeconds, now: new Date(clock.now()).toISOString() };
}
