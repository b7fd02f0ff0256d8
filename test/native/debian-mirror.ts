import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';

const APT_DIR = '/etc/apt';

/** Where a Debian machine gets its packages from, and the keyring that signs them when its sources name one. */
export interface Mirror {
  url: string;
  signedBy: string | undefined;
}

/** The mirror of the machine's own apt sources for its own release. Throws when this is no Debian or names none. */
export function debianMirror(): Mirror {
  const release = existsSync('/etc/os-release') ? readFileSync('/etc/os-release', 'utf8') : '';
  const codename = /^VERSION_CODENAME="?([a-z]+)/m.exec(release)?.[1];
  if (!/^ID="?debian"?$/m.test(release) || codename === undefined) throw new Error('this is no Debian');
  const mirror = sourceFiles()
    .map((file) => mirrorIn(file, readFileSync(file, 'utf8'), codename))
    .find((found) => found !== undefined);
  if (mirror === undefined) throw new Error(`the apt sources name no mirror of ${codename}`);
  return mirror;
}

/** The first source of a release's main packages, in either format of apt's sources.list(5). */
export function mirrorIn(file: string, text: string, codename: string): Mirror | undefined {
  const sources = file.endsWith('.sources') ? stanzas(text) : lines(text);
  return sources.find(({ suites, components }) => suites.includes(codename) && components.includes('main'))
    ?.mirror;
}

interface Source {
  mirror: Mirror;
  suites: string[];
  components: string[];
}

function sourceFiles(): string[] {
  const parts = path.join(APT_DIR, 'sources.list.d');
  const listed = existsSync(parts) ? readdirSync(parts).toSorted() : [];
  return [path.join(APT_DIR, 'sources.list'), ...listed.map((name) => path.join(parts, name))].filter(
    (file) => /\.(?:list|sources)$/.test(file) && existsSync(file),
  );
}

// deb [signed-by=/path] http://host/debian bookworm main contrib
function lines(text: string): Source[] {
  return [...text.matchAll(/^deb\s+(?:\[([^\]]*)\]\s+)?(\S+)\s+(\S+)\s+(.+)$/gm)].map((match) => {
    const [, options = '', url = '', suite = '', components = ''] = match;
    const signedBy = /signed-by=(\/\S+)/.exec(options)?.[1];
    return { mirror: { url, signedBy }, suites: [suite], components: words(components) };
  });
}

// Types, URIs, Suites, Components, Signed-By; stanzas are divided by empty lines, comments begin with #.
function stanzas(text: string): Source[] {
  return text
    .replaceAll(/^#.*\n/gm, '')
    .split(/\n\s*\n/)
    .map((stanza) => new Map(fieldsOf(stanza)))
    .filter((fields) => words(fields.get('types')).includes('deb') && fields.get('enabled') !== 'no')
    .map((fields) => ({
      mirror: {
        url: words(fields.get('uris'))[0] ?? '',
        signedBy: /^\/\S+$/.exec(fields.get('signed-by') ?? '')?.[0],
      },
      suites: words(fields.get('suites')),
      components: words(fields.get('components')),
    }));
}

function fieldsOf(stanza: string): [string, string][] {
  return [...stanza.matchAll(/^([A-Za-z-]+):[ \t]*(.*)$/gm)].map((match) => [
    (match[1] ?? '').toLowerCase(),
    (match[2] ?? '').trim(),
  ]);
}

function words(text = ''): string[] {
  return text.split(/\s+/).filter((word) => word !== '');
}
