import { BlockList, isIP } from 'node:net';

/**
 * Addresses that are nobody's on the public Internet: what is not globally reachable in the registries of IANA
 * (iana-ipv4-special-registry, iana-ipv6-special-registry), multicast and reserved space. Translations of IPv4 that
 * are not used any more are in it as a whole: 6to4 (RFC 7526), Teredo, and IPv4-compatible addresses (RFC 4291).
 */
const notPublic = new BlockList();
for (const subnet of [
  '0.0.0.0/8',
  '10.0.0.0/8',
  '100.64.0.0/10',
  '127.0.0.0/8',
  '169.254.0.0/16',
  '172.16.0.0/12',
  '192.0.0.0/24',
  '192.0.2.0/24',
  '192.88.99.0/24',
  '192.168.0.0/16',
  '198.18.0.0/15',
  '198.51.100.0/24',
  '203.0.113.0/24',
  '224.0.0.0/4',
  '240.0.0.0/4',
])
  add(subnet, 'ipv4');
for (const subnet of [
  '::/96',
  '::ffff:0:0:0/96',
  '64:ff9b:1::/48',
  '100::/64',
  '100:0:0:1::/64',
  '2001::/23',
  '2001:db8::/32',
  '2002::/16',
  '3fff::/20',
  '5f00::/16',
  'fc00::/7',
  'fe80::/10',
  'fec0::/10',
  'ff00::/8',
])
  add(subnet, 'ipv6');

/** The well-known prefix of NAT64 (RFC 6052), behind which an IPv4 address is reached. */
const nat64 = new BlockList();
nat64.addSubnet('64:ff9b::', 96, 'ipv6');

function add(subnet: string, family: 'ipv4' | 'ipv6'): void {
  const [network, bits] = subnet.split('/');
  notPublic.addSubnet(network!, Number(bits), family);
}

/**
 * Whether an IP address is one of the public Internet, so not this machine, its network or its cloud's. An IPv4
 * address inside an IPv6 one (mapped, or behind NAT64) is judged as what it is. False for what is no IP address.
 */
export function isPublicAddress(address: string): boolean {
  const family = isIP(address);
  if (family === 0 || address.includes('%')) return false;
  // The list's IPv4 rules hold for IPv4-mapped addresses, too.
  if (family === 4) return !notPublic.check(address, 'ipv4');
  if (nat64.check(address, 'ipv6')) return !notPublic.check(lastFourBytes(address), 'ipv4');
  return !notPublic.check(address, 'ipv6');
}

/** The IPv4 address at the end of an IPv6 one. */
function lastFourBytes(address: string): string {
  // URL() has one spelling for every address: groups of hex, the longest run of zeros left out.
  const groups = new URL(`http://[${address}]`).hostname.slice(1, -1).split(':');
  const [high, low] = groups.slice(-2).map((group) => Number.parseInt(group === '' ? '0' : group, 16));
  return [high! >> 8, high! & 255, low! >> 8, low! & 255].join('.');
}

/**
 * Whether the host of a URL is certainly refused without asking for its name: an IP address that is not public, in
 * whatever spelling (URL() turns decimal, octal and hexadecimal ones into the usual one), or `localhost`.
 */
export function isPrivateHost(url: URL): boolean {
  const host = url.hostname.replace(/^\[|\]$/g, '').replace(/\.$/, '');
  if (isIP(host) !== 0) return !isPublicAddress(host);
  return host === 'localhost' || host.endsWith('.localhost');
}
