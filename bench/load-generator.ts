import { once } from 'node:events';
import { startChild } from './children.ts';
import type { Cores } from './cores.ts';
import type { LoadOrder, LoadResult } from './load-orders.ts';

export interface LoadGenerator {
  /** Throws when a single answer was not the right one: such a figure would mean nothing. */
  run(order: LoadOrder): Promise<LoadResult>;
}

/** Starts the process that makes the load, on the core that is not the server's. */
export function startLoadGenerator(cores: Cores): LoadGenerator {
  const child = startChild(cores, 'bench/load.ts', [], { core: 'rest', ipc: true });
  return {
    async run(order) {
      child.process.send(order);
      const [result] = (await once(child.process, 'message')) as [LoadResult];
      if (result.failed > 0)
        throw new Error(`${result.failed} wrong answers under load: ${result.complaint}`);
      return result;
    },
  };
}
