/**
 * What this adapter uses of npm `hyperswitch-prism` 0.4.0: the two halves of a call, which build the request and read
 * the answer, and the messages they speak (github.com/juspay/hyperswitch-prism). The package is optional: it is found
 * at run time only, so its own types are not used.
 */
export interface PrismLibrary {
  readonly UniffiClient: new () => Halves;
  readonly types: {
    readonly FfiOptions: Message<object>;
    readonly FfiConnectorHttpRequest: Message<HttpRequest>;
    readonly FfiConnectorHttpResponse: Message<HttpResponse>;
    readonly PaymentServiceRefundRequest: Message<object>;
    readonly RefundServiceGetRequest: Message<object>;
    readonly PaymentServiceGetRequest: Message<object>;
    readonly PaymentServiceVoidRequest: Message<object>;
    readonly RefundResponse: Message<RefundAnswer>;
    readonly Currency: Readonly<Record<string, number | string>>;
    readonly CaptureMethod: Readonly<Record<string, number | string>>;
    readonly Environment: Readonly<Record<string, number | string>>;
  };
}

/** A protobuf message: what goes in is a plain object with names in camel case; others are ignored silently. */
interface Message<T> {
  encode(value: object): { finish(): Uint8Array };
  decode(bytes: Uint8Array): T;
}

interface HttpRequest {
  readonly url: string;
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Null where there is none. */
  readonly body?: Uint8Array | null;
}

interface HttpResponse {
  readonly statusCode: number;
  readonly body: Uint8Array;
}

/** Its other fields are not read: the raw answer has them, and more. */
interface RefundAnswer {
  readonly status: number;
}

/** The native half of a call; all arguments are encoded messages. Synchronous, without network and without state. */
export interface Halves {
  refundReq(request: Buffer, options: Buffer): Uint8Array;
  refundRes(response: Buffer, request: Buffer, options: Buffer): Uint8Array;
  refundGetReq(request: Buffer, options: Buffer): Uint8Array;
  getReq(request: Buffer, options: Buffer): Uint8Array;
  voidReq(request: Buffer, options: Buffer): Uint8Array;
}

export type LoadedLibrary =
  | { readonly kind: 'loaded'; readonly library: PrismLibrary; readonly halves: Halves }
  | { readonly kind: 'missing'; readonly message: string };

/**
 * Loads the package and probes its native library: the import alone succeeds without it. Never rejects; the message says
 * what an operator can do.
 */
export async function loadLibrary(
  importPackage: () => Promise<unknown> = importByName,
): Promise<LoadedLibrary> {
  let library: PrismLibrary;
  try {
    // The shape is that of the pinned version; contract tests of the native suite hold it.
    library = (await importPackage()) as PrismLibrary;
  } catch {
    const message =
      'The package hyperswitch-prism is not installed. It is optional: npm install --save-optional --save-exact hyperswitch-prism@0.4.0.';
    return { kind: 'missing', message };
  }
  try {
    return { kind: 'loaded', library, halves: new library.UniffiClient() };
  } catch {
    const message =
      'The native library of hyperswitch-prism does not load here: it needs glibc 2.38 or newer (Debian 13, Ubuntu 24.04) on Linux, or macOS on arm64.';
    return { kind: 'missing', message };
  }
}

// Not a literal, so that nothing looks for the optional package before it is asked for.
const packageName: string = 'hyperswitch-prism';

const importByName = (): Promise<unknown> => import(packageName);
