import { BlockList, isIP } from 'node:net';

const loopback = new BlockList();
loopback.addSubnet('127.0.0.0', 8, 'ipv4');
loopback.addAddress('::1', 'ipv6');

/**
 * Whether a host can only be this machine: `localhost`, 127.0.0.0/8 or ::1, also when written as an IPv4-mapped IPv6
 * address. Names are not resolved: `127.0.0.1.example.com` and `127.1` are not loopback.
 */
export function isLoopback(host: string): boolean {
  const bare = host.startsWith('[') && host.endsWith(']') ? host.slice(1, -1) : host;
  const family = isIP(bare);
  if (family === 0) return bare.toLowerCase() === 'localhost';
  return loopback.check(bare, family === 4 ? 'ipv4' : 'ipv6');
}

/** Whether the text is an IP address or could be a host name. */
export function isHost(text: string): text is string {
  if (isIP(text) !== 0) return true;
  return (
    text.length <= 253 &&
    /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*$/i.test(text)
  );
}

export type BaseUrlResult =
  | { readonly ok: true; readonly url: string }
  | { readonly ok: false; readonly message: string };

/**
 * Reads the base URL of a provider: https, or http when the host is loopback (the sandbox), because credentials travel
 * in every request. The result has no trailing slash. The message never repeats the URL, which might hold a password.
 */
export function parseBaseUrl(text: string): BaseUrlResult {
  // URL() forgives spaces, tabs and line breaks; a URL with them is a mistake of copying.
  const url = /[\s\\]/.test(text) ? null : URL.parse(text);
  if (url === null)
    return { ok: false, message: 'is not a URL; write it in full, such as https://api.example.com/v3' };
  if (url.protocol !== 'https:' && url.protocol !== 'http:') {
    return { ok: false, message: `must start with https:// and not with ${url.protocol}` };
  }
  if (url.protocol === 'http:' && !isLoopback(url.hostname)) {
    return {
      ok: false,
      message: `must be https, because ${url.hostname} is not this machine (http is for 127.0.0.1, ::1 and localhost)`,
    };
  }
  if (url.username !== '' || url.password !== '') {
    return { ok: false, message: 'must not hold a user name or password; they belong into credentials' };
  }
  if (url.search !== '' || url.hash !== '')
    return { ok: false, message: 'must not have a query (?) or a fragment (#)' };
  return { ok: true, url: url.href.replace(/\/+$/, '') };
}
