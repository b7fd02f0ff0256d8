import type { Operation } from '../faults.ts';

/** What a method and path mean: an operation, perhaps on one object; else the HTTP status of the refusal. */
export type Route =
  | { operation: Operation; id: string | undefined }
  | { operation: undefined; status: 404 | 405; allow?: string };

interface Pattern {
  path: RegExp;
  methods: Record<string, Operation>;
}

const PATTERNS: Pattern[] = [
  { path: /^\/me$/, methods: { GET: 'getAccount' } },
  { path: /^\/payments$/, methods: { GET: 'listPayments' } },
  { path: /^\/payments\/([^/]+)$/, methods: { GET: 'getPayment' } },
  { path: /^\/payments\/([^/]+)\/cancel$/, methods: { POST: 'cancelPayment' } },
  { path: /^\/payments\/([^/]+)\/capture$/, methods: { POST: 'capturePayment' } },
  { path: /^\/refunds$/, methods: { GET: 'listRefunds', POST: 'createRefund' } },
  { path: /^\/refunds\/([^/]+)$/, methods: { GET: 'getRefund' } },
];

/** Finds the operation of a request below `/v3`. */
export function matchRoute(method: string, path: string): Route {
  for (const pattern of PATTERNS) {
    const match = pattern.path.exec(path);
    if (match === null) continue;
    const operation = pattern.methods[method];
    if (operation !== undefined) return { operation, id: match[1] };
    return { operation: undefined, status: 405, allow: Object.keys(pattern.methods).join(', ') };
  }
  return { operation: undefined, status: 404 };
}
