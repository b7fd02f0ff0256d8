import { DEMO_KEYS } from '../config/demo.ts';
import type { GraphiqlSetup } from '../server/graphiql.ts';
import { firstQuery } from './first-query.ts';

/** What the demo's GraphiQL starts with. */
export const demoGraphiql: GraphiqlSetup = { apiKey: DEMO_KEYS.demo, firstQuery };
