/** What the vendor's double remembers: files with their contents, and uploads that have begun. */
import { at, member, text, type EmulatedRequest, type EmulatorExtension, type Json } from '@plugboard/core';

const session = 'https://www.googleapis.com/upload/drive/v3/files?upload_id=';

export const emulator: EmulatorExtension = (vendor) => {
  const files = vendor.table('files');
  const contents = vendor.table('contents');
  const uploads = vendor.table('uploads');
  const shown = vendor.example('drive.get').json;
  const isUpload = ({ url }: EmulatedRequest) => url.pathname.startsWith('/upload/');

  function keep(given: Json | undefined, id = text(member(given, 'id')) ?? vendor.id('1file')): Json {
    const now = new Date(vendor.now()).toISOString();
    const kept = { mimeType: 'text/plain', ...(files.get(id) as object), ...(given as object), id, modifiedTime: now };
    const link = `https://drive.google.com/file/d/${id}/view`;
    files.set(id, { name: 'Untitled', webViewLink: link, ...kept });
    return files.get(id) ?? null;
  }

  function begin(given: Json) {
    const id = vendor.id('upload-');
    uploads.set(id, { given, content: '' });
    return { headers: { location: session + id } };
  }

  /** «Go on» comes as a success, as it was asked for. */
  function take({ url, headers, text: body }: EmulatedRequest) {
    const id = url.searchParams.get('upload_id') ?? '';
    const upload = uploads.get(id);
    if (upload === undefined) return vendor.failure('notFound');
    const [, first = '', last = '', total = '*'] =
      /^bytes (?:(\d+)-(\d+)|\*)\/(\d+|\*)$/.exec(headers.get('content-range') ?? '') ?? [];
    const held = text(at(upload, 'content')) ?? '';
    const content = first === '' ? held : held.slice(0, Number(first)) + body;
    uploads.set(id, { given: at(upload, 'given') ?? null, content });
    const count = new TextEncoder().encode(content).length;
    if (total === '*' || count < Number(total)) {
      const range = count > 0 && { range: `bytes=0-${last === '' ? count - 1 : last}` };
      return { headers: { 'x-http-status-code-override': '308', ...range } };
    }
    const file = keep({ ...(at(upload, 'given') as object), size: String(count) });
    contents.set(text(member(file, 'id')) ?? '', content);
    uploads.delete(id);
    return { json: file };
  }

  const found = ({ params }: EmulatedRequest): Json | undefined => {
    const id = params['fileId'] ?? '';
    return files.get(id) ?? (id === member(shown, 'id') ? shown : undefined);
  };
  const contentOf = (request: EmulatedRequest) => {
    const file = found(request);
    if (file === undefined) return vendor.failure('notFound');
    const content = text(contents.get(text(member(file, 'id')) ?? '')) ?? 'Hello';
    return { text: content, headers: { 'content-type': text(member(file, 'mimeType')) ?? 'text/plain' } };
  };

  return {
    'POST /files': (request) => {
      const id = text(member(request.json, 'id'));
      if (id !== undefined && files.has(id)) return vendor.failure('duplicate');
      return isUpload(request) ? begin(request.json ?? {}) : { json: keep(request.json) };
    },
    'PATCH /files/{fileId}': (request) => {
      const id = request.params['fileId'] ?? '';
      if (found(request) === undefined) return vendor.failure('notFound');
      return isUpload(request) ? begin({ ...(request.json as object), id }) : { json: keep(request.json, id) };
    },
    'PUT /files': take,
    'GET /files': () => (files.size === 0 ? undefined : { json: { files: [...files.values()] } }),
    'GET /files/{fileId}': (request) => {
      if (request.params['fileId'] === 'generateIds') return undefined;
      if (request.url.searchParams.get('alt') === 'media') return contentOf(request);
      const file = found(request);
      return file === undefined ? vendor.failure('notFound') : { json: file };
    },
    'GET /files/{fileId}/export': contentOf,
    'DELETE /files/{fileId}': ({ params }) => {
      const id = params['fileId'] ?? '';
      if (!files.delete(id) && id !== member(shown, 'id')) return vendor.failure('notFound');
      contents.delete(id);
      return { status: 204 };
    },
  };
};
