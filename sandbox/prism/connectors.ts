import { adyen } from './adyen/connector.ts';
import { checkout } from './checkout/connector.ts';
import type { Connector } from './connector.ts';
import type { ConnectorName } from './records.ts';

/** The connectors that are simulated, by the first part of their paths. */
const BY_NAME: Readonly<Record<ConnectorName, Connector>> = { adyen, checkout };

export const ALL_CONNECTORS: readonly Connector[] = Object.values(BY_NAME);

export function connectorOf(name: ConnectorName): Connector {
  return BY_NAME[name];
}

/** The connector with a name that somebody gave, if there is one. */
export function findConnector(name: string): Connector | undefined {
  return ALL_CONNECTORS.find((connector) => connector.name === name);
}
