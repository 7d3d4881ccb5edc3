import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { decodeUtf8, encodeUtf8 } from '../src/bytes.ts';
import { parseMultipart, writeMultipart, type FormPart } from '../src/multipart.ts';

const type = 'multipart/form-data; boundary=b';

/** Parts as they stand between delimiters. */
const bodyOf = (...parts: readonly string[]) => `${parts.map((part) => `--b\r\n${part}\r\n`).join('')}--b--\r\n`;
const parse = (body: string, contentType = type) => parseMultipart(encodeUtf8(body), contentType);
const part = (disposition: string, content = '') => `Content-Disposition: ${disposition}\r\n\r\n${content}`;

describe('parseMultipart', () => {
  it('keeps order, repeated names, raw bytes, file names and types', () => {
    const fields = parse(
      bodyOf(
        part('form-data; name="a"', '1'),
        part('form-data; name="f"; filename="x.bin"\r\nContent-Type: application/octet-stream', 'two\r\nlines\r\n'),
        part('form-data; name="a"', 'é'),
        part('form-data; name="empty"'),
      ),
    )!;
    expect(fields.map(({ bytes, ...rest }) => ({ ...rest, text: decodeUtf8(bytes) }))).toEqual([
      { name: 'a', value: '1', text: '1' },
      { name: 'f', value: '', filename: 'x.bin', contentType: 'application/octet-stream', text: 'two\r\nlines\r\n' },
      { name: 'a', value: 'é', text: 'é' },
      { name: 'empty', value: '', text: '' },
    ]);
  });

  it('reads what the platform writes, whatever the names and bytes', async () => {
    // A backslash means itself to the platform, and escapes to other senders; both write quotes in a way of their own.
    const name = fc
      .string({ unit: 'grapheme', minLength: 1, maxLength: 12 })
      .map((text) => text.replace(/[\r\n\\]/g, 'x'));
    const content = fc.oneof(
      fc.uint8Array({ maxLength: 60 }),
      fc.constantFrom('\r\n', '--', '\r\n--b', '\r\n\r\n').map(encodeUtf8),
    );
    const entry = fc.record({ name, content, file: fc.option(name) });
    await fc.assert(
      fc.asyncProperty(fc.array(entry, { maxLength: 5 }), async (entries) => {
        const form = new FormData();
        for (const { name: key, content: bytes, file } of entries) {
          form.append(key, new Blob([bytes as Uint8Array<ArrayBuffer>]), file ?? 'blob');
        }
        const response = new Response(form);
        const contentType = response.headers.get('content-type')!;
        const fields = parseMultipart(new Uint8Array(await response.arrayBuffer()), contentType);
        expect(fields?.map((field) => [field.name, field.filename, [...field.bytes]])).toEqual(
          entries.map((one) => [one.name, one.file ?? 'blob', [...one.content]]),
        );
      }),
      { numRuns: 300, seed: 9 },
    );
  });

  it('reads fields as the platform does', async () => {
    const body = bodyOf(part('form-data; name="a"', 'x'), part('form-data; name="b%22%0D%0A"', 'y'));
    const theirs = await new Response(body, { headers: { 'content-type': type } }).formData();
    expect(parse(body)?.map(({ name, value }) => [name, value])).toEqual([...theirs]);
  });

  it.each([
    ['multipart/form-data; boundary="b"'],
    ['multipart/form-data; charset=utf-8; boundary=b'],
    ['multipart/form-data; Boundary=b; charset=utf-8'],
    ['multipart/form-data;boundary=b'],
  ])('finds the boundary in %s', (contentType) => {
    expect(parse(bodyOf(part('form-data; name=a', '1')), contentType)).toMatchObject([{ name: 'a', value: '1' }]);
  });

  it('passes over a preamble, an epilogue and blanks after a delimiter', () => {
    const body =
      'before --b\r\n--b \t\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n--b--\r\nafter\r\n--b\r\n';
    expect(parse(body)).toMatchObject([{ name: 'a', value: '1' }]);
    expect(parse('--b--')).toEqual([]);
  });

  it('a name that strangers choose cannot become another parameter', () => {
    const tricks = [
      'form-data; name="f"; filename="x; name=\\"signature\\""',
      'form-data; name="f"; filename="; name=signature"',
      'form-data; filename="; name=signature"; name="f"',
      'form-data; name="f"; filename="%22; name=%22signature"',
    ];
    for (const trick of tricks) expect(parse(bodyOf(part(trick)))).toMatchObject([{ name: 'f' }]);
    expect(parse(bodyOf(part('form-data; name="f"; name="signature"')))).toBeUndefined();
    expect(parse(bodyOf(part('form-data; name="f"; Name="signature"')))).toBeUndefined();
    expect(parse(bodyOf(`${part('form-data; name="f"\r\ncontent-disposition: form-data; name="g"')}`))).toBeUndefined();
  });

  it.each([
    ['no boundary', parse('x', 'multipart/form-data')],
    ['an empty boundary', parse('----', 'multipart/form-data; boundary=""')],
    ['a boundary of 71 characters', parse('x', `multipart/form-data; boundary=${'b'.repeat(71)}`)],
    ['nothing', parse('')],
    ['no delimiter', parse('a=1')],
    ['no end', parse('--b\r\nContent-Disposition: form-data; name="a"\r\n\r\n1')],
    ['no end after a delimiter', parse(`${bodyOf(part('form-data; name="a"', '1')).slice(0, -4)}\r\n`)],
    ['text after a delimiter', parse('--bc\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n--b--')],
    ['no name', parse(bodyOf(part('form-data', '1')))],
    ['another disposition', parse(bodyOf(part('attachment; name="a"', '1')))],
    ['a disposition that begins like it', parse(bodyOf(part('form-data2; name="a"', '1')))],
    ['an open quote', parse(bodyOf(part('form-data; name="a', '1')))],
    ['no headers', parse(bodyOf('\r\n1'))],
    ['a line that is no header', parse(bodyOf('Content-Disposition: form-data; name="a"\r\nfolded\r\n\r\n1'))],
    ['no empty line', parse(bodyOf('Content-Disposition: form-data; name="a"'))],
    ['16 KB of headers', parse(bodyOf(`X-Long: ${'a'.repeat(16_384)}\r\n${part('form-data; name="a"', '1')}`))],
    ['1,001 parts', parse(bodyOf(...Array.from({ length: 1001 }, () => part('form-data; name="a"'))))],
  ])('E09 %s is refused', (_, fields) => {
    expect(fields).toBeUndefined();
  });

  it('R50 nothing makes it throw', () => {
    const piece = fc.oneof(
      fc.constantFrom(
        '--b',
        '--',
        '\r\n',
        '\r',
        '\n',
        'Content-Disposition: form-data; name="a"',
        '; filename="',
        '"',
        '\\',
      ),
      fc.uint8Array({ maxLength: 8 }),
    );
    const bytes = fc
      .array(piece, { maxLength: 20 })
      .map((list) => Buffer.concat(list.map((one) => Buffer.from(one as string))));
    fc.assert(
      fc.property(
        bytes,
        fc.constantFrom(type, 'multipart/form-data; boundary="', 'x; boundary=b'),
        (body, contentType) => {
          const fields = parseMultipart(body, contentType);
          expect(fields === undefined || Array.isArray(fields)).toBe(true);
        },
      ),
      { numRuns: 5000, seed: 10 },
    );
  });

  it('E13 delimiters that nearly match, and headers that nearly end, take no time', () => {
    const nearly = '\r\n--'.repeat(250_000);
    expect(parse(`--b\r\n${nearly}`)).toBeUndefined();
    const quotes = `form-data; name="${'\\"'.repeat(8000)}`;
    expect(parse(bodyOf(part(quotes)))).toBeUndefined();
  }, 2000);
});

describe('writeMultipart', () => {
  const read = async (parts: readonly FormPart[]) => {
    const { body, contentType } = writeMultipart(parts);
    const headers = { 'content-type': contentType };
    return new Response(body as Uint8Array<ArrayBuffer>, { headers }).formData();
  };

  it('writes what the platform reads, whatever the names, texts and bytes', async () => {
    const name = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 12 }).map((text) => text.replaceAll('\0', 'x'));
    const text = fc.oneof(
      fc.string({ maxLength: 40 }),
      fc.constantFrom('\r\n', '--plugboard-form-0--', '\r\n--plugboard'),
    );
    const file = fc.record({ name, value: fc.uint8Array({ maxLength: 60 }), filename: name });
    const parts = fc.array(fc.oneof(fc.record({ name, value: text }), file), { maxLength: 5 });
    await fc.assert(
      fc.asyncProperty(parts, async (given) => {
        const entries = [...(await read(given))];
        const seen = await Promise.all(
          entries.map(async ([key, value]) =>
            typeof value === 'string'
              ? [key, value]
              : [key, value.name, [...new Uint8Array(await value.arrayBuffer())]],
          ),
        );
        expect(seen).toEqual(
          given.map((part) =>
            'filename' in part ? [part.name, part.filename, [...part.value]] : [part.name, part.value],
          ),
        );
        const { body, contentType } = writeMultipart(given);
        expect(parseMultipart(body, contentType)?.map((field) => field.name)).toEqual(given.map((part) => part.name));
      }),
      { numRuns: 300, seed: 4 },
    );
  });

  it('makes the same body of the same parts, and never one that a part could end', () => {
    const parts = [{ name: 'a', value: 'plugboard-form-0 plugboard-form-1' }];
    expect(writeMultipart(parts)).toEqual(writeMultipart(parts));
    expect(writeMultipart(parts).contentType).toBe('multipart/form-data; boundary=plugboard-form-2');
    expect(writeMultipart([{ name: 'plugboard-form-0', value: '' }]).contentType).toContain('form-1');
  });

  it('lets no name, file name or type begin a header', () => {
    const evil = 'x"\r\nx-evil: 1\r\n\r\n';
    const { body, contentType } = writeMultipart([
      { name: evil, value: encodeUtf8('1'), filename: evil, contentType: `text/plain\r\nx-evil: 2` },
    ]);
    const text = decodeUtf8(body)!;
    expect(text).not.toMatch(/^x-evil/m);
    expect(parseMultipart(body, contentType)).toMatchObject([{ name: evil, filename: evil, value: '' }]);
  });

  it('gives files a type, and bytes without a file name the name of their part', () => {
    const { body, contentType } = writeMultipart([
      { name: 'file', value: encodeUtf8('1') },
      { name: 'page', value: '<p>', filename: 'a.html', contentType: 'text/html' },
    ]);
    expect(parseMultipart(body, contentType)).toMatchObject([
      { name: 'file', filename: 'file', contentType: 'application/octet-stream' },
      { name: 'page', filename: 'a.html', contentType: 'text/html' },
    ]);
  });
});
