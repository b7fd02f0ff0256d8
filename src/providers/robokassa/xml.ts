import { XMLParser } from 'fast-xml-parser';

// By local name: two namespaces are published (docs.robokassa.ru/ru/xml-interfaces). Numbers and entities stay text.
const parser = new XMLParser({
  ignoreAttributes: true,
  removeNSPrefix: true,
  parseTagValue: false,
  processEntities: false,
  ignoreDeclaration: true,
});

/** The answers have a few elements; the parser takes seconds for millions, in which nothing else runs. In characters. */
const MAX_LENGTH = 65_536;

/** The elements of a well-formed document by their local names, texts as they are written; undefined for any other. */
export function readXml(text: string): unknown {
  // A document that declares types or entities is none of RoboKassa's.
  if (text.length > MAX_LENGTH || /<!(?:DOCTYPE|ENTITY)/i.test(text)) return undefined;
  try {
    return parser.parse(text, true);
  } catch {
    return undefined;
  }
}

/** Text inside an element. */
export const escapeXml = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
