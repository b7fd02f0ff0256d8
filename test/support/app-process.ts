// The service as it is shipped, as a process of its own, on any configuration: its argument is the configuration as JSON.
import { startApp } from '../../src/app.ts';
import type { Config } from '../../src/config.ts';
import { createLog } from '../../src/log.ts';

const app = await startApp(JSON.parse(process.argv[2] ?? '{}') as Config, {
  log: createLog({ level: 'info' }),
});
process.once('SIGTERM', () => void app.close().then(() => process.exit(0)));
