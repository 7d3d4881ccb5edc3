import { afterEach, beforeEach, inject } from 'vitest';

import { createWorld, type World, type WorldOptions } from './world.ts';

/** Worlds of the tests of a file: each is closed after the test that made it, and without a database there is no test. */
export function useWorlds(): (options: WorldOptions) => Promise<World> {
  const worlds: World[] = [];
  beforeEach((context) => context.skip(inject('postgresUrl') === null, 'PostgreSQL is not reachable'));
  afterEach(async () => {
    for (const world of worlds.splice(0)) await world.close();
  });
  return async (options) => {
    const world = await createWorld(options);
    worlds.push(world);
    return world;
  };
}
