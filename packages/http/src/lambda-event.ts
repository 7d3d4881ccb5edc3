/** What Lambda is called with, and the request that it stands for. */

type Texts = Readonly<Record<string, string | undefined>>;
type Lists = Readonly<Record<string, readonly string[] | undefined>> | null;

/** Payload format 2.0: function URLs and HTTP APIs. */
export interface LambdaEventV2 {
  readonly rawPath: string;
  readonly rawQueryString: string;
  readonly cookies?: readonly string[];
  readonly headers: Texts;
  readonly requestContext: { readonly http: { readonly method: string } };
  readonly body?: string | null;
  readonly isBase64Encoded: boolean;
}

/** Payload format 1.0: REST APIs. */
export interface LambdaEventV1 {
  readonly path: string;
  readonly httpMethod: string;
  readonly multiValueHeaders: Lists;
  readonly multiValueQueryStringParameters: Lists;
  readonly body: string | null;
  readonly isBase64Encoded: boolean;
}

/** Nothing of it is used but path and query: the public address is the configured one. */
const origin = 'https://lambda.invalid';
const bodiless = new Set(['GET', 'HEAD']);

export function requestOf(event: LambdaEventV1 | LambdaEventV2): Request {
  const { method, path, query, headers } = 'rawPath' in event ? readV2(event) : readV1(event);
  // A path that came decoded may hold what would end it.
  const address = path
    .replaceAll('?', '%3F')
    .replaceAll('#', '%23')
    .replace(/^(?!\/)/, '/');
  const { body, isBase64Encoded } = event;
  const content = body === undefined || body === null ? null : Buffer.from(body, isBase64Encoded ? 'base64' : 'utf8');
  return new Request(`${origin}${address}${query === '' ? '' : `?${query}`}`, {
    method,
    headers: headers as [string, string][],
    body: bodiless.has(method) ? null : content,
  });
}

interface Parts {
  readonly method: string;
  readonly path: string;
  readonly query: string;
  readonly headers: readonly (readonly [string, string])[];
}

function readV2({ rawPath, rawQueryString, cookies = [], headers, requestContext }: LambdaEventV2): Parts {
  const given = Object.entries(headers).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, value] as const],
  );
  const all = cookies.length > 0 ? [...given, ['cookie', cookies.join('; ')] as const] : given;
  return { method: requestContext.http.method, path: rawPath, query: rawQueryString, headers: all };
}

function readV1({ path, httpMethod, multiValueHeaders, multiValueQueryStringParameters }: LambdaEventV1): Parts {
  const query = new URLSearchParams(pairsOf(multiValueQueryStringParameters) as [string, string][]).toString();
  // Cookies are one header on the way in, however many lines they came in.
  const headers = Object.entries(multiValueHeaders ?? {}).flatMap(([name, values = []]) =>
    name.toLowerCase() === 'cookie'
      ? [[name, values.join('; ')] as const]
      : values.map((value) => [name, value] as const),
  );
  return { method: httpMethod, path, query, headers };
}

function pairsOf(lists: Lists): readonly (readonly [string, string])[] {
  return Object.entries(lists ?? {}).flatMap(([name, values = []]) => values.map((value) => [name, value] as const));
}
