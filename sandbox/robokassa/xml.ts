import { XMLParser } from 'fast-xml-parser';
import { isObject } from '../json.ts';
import type { Answer } from '../simulator.ts';

const parser = new XMLParser({ parseTagValue: false, ignoreAttributes: true, processEntities: true });

/** An element with text or with elements in it; undefined ones are left out. */
export function element(name: string, ...content: (string | undefined)[]): string {
  return `<${name}>${content.join('')}</${name}>`;
}

/** Text as it may stand in an element. */
export function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

/** Every XML answer of the provider; business refusals come as HTTP 200 too. */
export function xmlAnswer(body: string, effect = false): Answer {
  return {
    status: 200,
    headers: { 'content-type': 'text/xml; charset=utf-8' },
    body: `<?xml version="1.0" encoding="utf-8"?>\n${body}`,
    effect,
  };
}

/** The texts of the elements below a root; undefined when the body is not such a document. */
export function readFlatXml(body: Buffer, root: string): Record<string, string> | undefined {
  try {
    const document: unknown = parser.parse(body.toString('utf8'));
    const fields = isObject(document) ? document[root] : undefined;
    if (!isObject(fields)) return undefined;
    return Object.fromEntries(
      Object.entries(fields).flatMap(([name, value]) => (typeof value === 'string' ? [[name, value]] : [])),
    );
  } catch {
    return undefined;
  }
}
