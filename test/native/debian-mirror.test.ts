import { describe, expect, it } from 'vitest';
import { mirrorIn } from './debian-mirror.ts';

const STANZAS = `# made by an installer
Types: deb-src
URIs: http://sources.example/debian
Suites: bookworm
Components: main

Types: deb
# a comment
URIs: http://deb.example/debian
Suites: bookworm bookworm-updates
Components: main contrib
Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg

Types: deb
URIs: http://security.example/debian-security
Suites: bookworm-security
Components: main
`;

describe('the mirror of a Debian machine', () => {
  it('is that of its own release, with its keyring', () => {
    expect(mirrorIn('debian.sources', STANZAS, 'bookworm')).toEqual({
      url: 'http://deb.example/debian',
      signedBy: '/usr/share/keyrings/debian-archive-keyring.gpg',
    });
    expect(mirrorIn('debian.sources', STANZAS, 'trixie')).toBeUndefined();
  });

  it.each([
    ['deb http://deb.example/debian bookworm main contrib', 'http://deb.example/debian', undefined],
    [
      'deb [arch=amd64 signed-by=/etc/keys/a.gpg] http://deb.example/debian bookworm main',
      'http://deb.example/debian',
      '/etc/keys/a.gpg',
    ],
  ])('is found in the line "%s"', (line, url, signedBy) => {
    const text = `# deb http://old.example/debian bookworm main\ndeb http://x.example/tools stable main\n${line}\n`;
    expect(mirrorIn('sources.list', text, 'bookworm')).toEqual({ url, signedBy });
  });

  it('is not that of somebody else’s packages', () => {
    const text =
      'deb http://x.example/tools bookworm tools\ndeb-src http://deb.example/debian bookworm main\n';
    expect(mirrorIn('sources.list', text, 'bookworm')).toBeUndefined();
  });
});
