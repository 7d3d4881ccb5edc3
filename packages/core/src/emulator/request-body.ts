/** The body of an incoming request, read once. */
import { parseJson, type Json } from '../json.ts';
import { parseMultipart } from '../multipart.ts';
import { mediaType } from './oauth/params.ts';

export interface RequestBody {
  readonly text: string;
  readonly json: Json | undefined;
  /** Of files, the name. */
  readonly form: URLSearchParams;
  /** What it is by its content type and its text; `broken` when these disagree. */
  readonly kind: 'none' | 'json' | 'form' | 'other' | 'broken';
  /** A form with a file in it: what vendors take in the place of JSON where there are files. */
  readonly hasFiles?: boolean;
}

const none = { json: undefined, kind: 'none' } as const;

export async function readBody(request: Request): Promise<RequestBody> {
  const bytes = new Uint8Array(await request.arrayBuffer());
  const text = new TextDecoder().decode(bytes);
  const form = new URLSearchParams();
  if (text === '') return { ...none, text, form };
  const type = mediaType(request.headers);
  if (type === 'application/x-www-form-urlencoded')
    return { text, json: undefined, form: new URLSearchParams(text), kind: 'form' };
  if (type === 'multipart/form-data') {
    const parts = parseMultipart(bytes, request.headers.get('content-type') ?? '');
    for (const { name, value, filename } of parts ?? []) form.append(name, filename ?? value);
    const hasFiles = parts?.some(({ filename }) => filename !== undefined) ?? false;
    return { text, json: undefined, form, kind: parts === undefined ? 'broken' : 'form', hasFiles };
  }
  if (type !== 'application/json' && !type.endsWith('+json')) return { text, json: tryJson(text), form, kind: 'other' };
  const json = tryJson(text);
  return { text, json, form, kind: json === undefined ? 'broken' : 'json' };
}

function tryJson(text: string): Json | undefined {
  try {
    return parseJson(text);
  } catch {
    return undefined;
  }
}
