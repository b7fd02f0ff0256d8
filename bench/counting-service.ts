// The service as `serve` runs it, and a log of what it sends to the database: answers every message with the statements
// since the last one. For the bench only.
import { startApp } from '../src/app.ts';
import { credentials } from '../src/commands/credentials.ts';
import { loadConfig } from '../src/config.ts';
import { createLog } from '../src/log.ts';
import { recordStatements } from './statement-log.ts';

const statements = recordStatements();
// What the engine asks in the background is no part of what a request costs.
const config = { ...loadConfig(process.env, { credentials }), engine: false };
const app = await startApp(config, { log: createLog({ level: config.logLevel }) });

process.on('message', () => process.send?.(statements.take()));
process.once('SIGTERM', () => {
  void app.close().then(() => process.exit(0));
});
