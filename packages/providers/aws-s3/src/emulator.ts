/** What the vendor's double remembers: objects, and uploads in parts. */
import { at, text as textOf, type EmulatedReply, type EmulatedRequest, type EmulatorExtension } from '@plugboard/core';

import { element, refusalOf } from './answers.ts';

const xml = (text: string): EmulatedReply => ({ text, headers: { 'content-type': 'application/xml' } });
const listHead = '<ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/">';

/** The key, wherever the bucket stands. */
function keyOf({ url }: EmulatedRequest): string {
  const path = url.pathname.slice(1).split('/').map(decodeURIComponent);
  return (/\.s3\./.test(url.host) ? path : path.slice(1)).join('/');
}

export const emulator: EmulatorExtension = (vendor) => {
  const objects = vendor.table('objects');
  const parts = vendor.table('parts');
  const quiet = (headers: Record<string, string>): EmulatedReply => ({ headers, text: '' });

  function store(key: string, text: string, type: string | null): Record<string, string> {
    const etag = `"${vendor.id('etag')}"`;
    objects.set(key, {
      text,
      type: type ?? 'binary/octet-stream',
      etag,
      modified: new Date(vendor.now()).toISOString(),
    });
    return { etag };
  }

  function shown(key: string): Record<string, string> {
    const found = objects.get(key);
    const modified = new Date(textOf(at(found, 'modified')) ?? 0).toUTCString();
    const [type, etag] = [textOf(at(found, 'type')) ?? '', textOf(at(found, 'etag')) ?? ''];
    return { 'content-type': type, etag, 'last-modified': modified };
  }

  /** Undefined for the object that the examples speak of. */
  function missing(operation: string, key: string): EmulatedReply | undefined {
    return key === 'photos/2026/tea.jpg' ? vendor.example(operation) : vendor.failure('noKey');
  }

  function list({ url: { searchParams } }: EmulatedRequest): EmulatedReply | undefined {
    // The example names a next page, which is the last one.
    if (objects.size === 0 && !searchParams.has('continuation-token')) return undefined;
    const prefix = searchParams.get('prefix') ?? '';
    const after = searchParams.get('continuation-token') ?? searchParams.get('start-after') ?? '';
    const limit = Number(searchParams.get('max-keys') ?? 1000);
    const keys = [...objects.keys()].filter((key) => key.startsWith(prefix) && key > after).toSorted();
    const page = keys.slice(0, limit);
    const contents = page.map((key) => {
      const size = new TextEncoder().encode(textOf(at(objects.get(key), 'text'))).byteLength;
      const modified = element('LastModified', textOf(at(objects.get(key), 'modified')) ?? '');
      return `<Contents>${element('Key', encodeURIComponent(key))}${modified}${element('Size', size)}</Contents>`;
    });
    const more = keys.length > limit;
    const next = more ? element('NextContinuationToken', page.at(-1) ?? '') : '';
    const end = `${element('EncodingType', 'url')}${element('IsTruncated', String(more))}${next}`;
    return xml(`${listHead}${end}${contents.join('')}</ListBucketResult>`);
  }

  /** Every role asks for an external ID. */
  function assume(externalId: string | null): EmulatedReply {
    if (externalId === null) return { ...xml(refusalOf('AccessDenied', 'Not authorized.')), status: 403 };
    const token = textOf(vendor.oauth.issue({ profile: 'role' })['access_token']) ?? '';
    const ends = element('Expiration', new Date(vendor.now() + 3_600_000).toISOString());
    const secret = element('SecretAccessKey', 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYzEXAMPLEKEY');
    const keys = `${element('AccessKeyId', vendor.id('ASIA'))}${secret}${element('SessionToken', token)}${ends}`;
    const result = `<AssumeRoleResult><Credentials>${keys}</Credentials></AssumeRoleResult>`;
    return xml(`<AssumeRoleResponse>${result}</AssumeRoleResponse>`);
  }

  return {
    'GET /': (request) => (request.url.searchParams.has('list-type') ? list(request) : undefined),
    'POST /': ({ text, url, form }) => {
      if (form.get('Action') === 'AssumeRole') return assume(form.get('ExternalId'));
      if (!url.searchParams.has('delete')) return undefined;
      const keys = [...text.matchAll(/<Key>([^<]*)<\/Key>/g)].map(([, key]) => key ?? '');
      for (const key of keys) objects.delete(key);
      return undefined;
    },
    'GET /{+key}': (request) => {
      const key = keyOf(request);
      if (!objects.has(key)) return missing('objects.get', key);
      return { headers: shown(key), text: textOf(at(objects.get(key), 'text')) ?? '' };
    },
    'HEAD /{+key}': (request) => {
      const key = keyOf(request);
      return objects.has(key) ? quiet(shown(key)) : missing('objects.head', key);
    },
    'PUT /{+key}': (request) => {
      const { text, headers, url } = request;
      const key = keyOf(request);
      const upload = url.searchParams.get('uploadId');
      if (upload !== null) {
        parts.set(`${upload} ${url.searchParams.get('partNumber')?.padStart(5, '0')}`, text);
        return quiet({ etag: `"${vendor.id('part')}"` });
      }
      const source = headers.get('x-amz-copy-source');
      if (source === null) {
        if (headers.get('if-none-match') === '*' && objects.has(key)) return vendor.failure('exists');
        return quiet(store(key, text, headers.get('content-type')));
      }
      const from = objects.get(decodeURIComponent(source.split('/').slice(2).join('/')));
      if (from === undefined) return vendor.example('objects.copy');
      const { etag = '' } = store(key, textOf(at(from, 'text')) ?? '', textOf(at(from, 'type')) ?? null);
      return xml(`<CopyObjectResult>${element('ETag', etag)}</CopyObjectResult>`);
    },
    'POST /{+key}': (request) => {
      const { url, headers } = request;
      const upload = url.searchParams.get('uploadId');
      if (upload === null) {
        if (!url.searchParams.has('uploads')) return undefined;
        const id = element('UploadId', vendor.id('upload'));
        return xml(`<InitiateMultipartUploadResult>${id}</InitiateMultipartUploadResult>`);
      }
      const own = [...parts.keys()].filter((name) => name.startsWith(`${upload} `)).toSorted();
      if (own.length === 0) return undefined;
      const { etag = '' } = store(
        keyOf(request),
        own.map((name) => textOf(parts.get(name)) ?? '').join(''),
        headers.get('x'),
      );
      for (const name of own) parts.delete(name);
      return xml(`<CompleteMultipartUploadResult>${element('ETag', etag)}</CompleteMultipartUploadResult>`);
    },
    'DELETE /{+key}': (request) => {
      const upload = request.url.searchParams.get('uploadId');
      if (upload === null) objects.delete(keyOf(request));
      for (const name of parts.keys()) if (name.startsWith(`${upload} `)) parts.delete(name);
      return undefined;
    },
  };
};
