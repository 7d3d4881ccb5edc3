/** Secrets made to be found again: whatever a failing path leaves behind is searched for them. */
import { randomBytes } from 'node:crypto';
import { inspect } from 'node:util';

/** Secret texts by what they stand for: `accessToken`, `clientSecret`. */
export type Canaries = Readonly<Record<string, string>>;

export interface CanaryHit {
  /** Which canary. */
  readonly name: string;
  /** `plain`, `url`, `form`, `base64`, `base64url`, `hex`, `json`. */
  readonly form: string;
  /** `text`, or how the value was turned into one: `inspect`, `json`, `string`, `stack`. */
  readonly where: string;
}

/**
 * Distinct secret texts with characters that every encoding changes, so that no encoding hides them from the search.
 * @example const canaries = createCanaries('apiKey', 'refreshToken')
 */
export function createCanaries<const Names extends readonly string[]>(...names: Names): Record<Names[number], string> {
  const entries = names.map((name) => [name, `canary-${name}-${randomBytes(12).toString('hex')}+/"=&`]);
  return Object.fromEntries(entries) as Record<Names[number], string>;
}

/**
 * Finds canaries in a text, in bytes, or anywhere in a value: as it prints, as JSON, as a string and in its stack,
 * hidden properties and causes included.
 * @example expect(findCanaries(error, canaries)).toEqual([])
 */
export function findCanaries(subject: unknown, canaries: Canaries): readonly CanaryHit[] {
  const texts = textsOf(subject);
  return Object.entries(canaries).flatMap(([name, secret]) => {
    const forms = formsOf(secret);
    return texts.flatMap(({ where, text }) => {
      const found = forms.find(({ pattern }) => pattern.test(text));
      return found === undefined ? [] : [{ name, form: found.form, where }];
    });
  });
}

interface Readable {
  readonly where: string;
  readonly text: string;
}

function textsOf(subject: unknown): readonly Readable[] {
  if (typeof subject === 'string') return [{ where: 'text', text: subject }];
  if (subject instanceof Uint8Array) return [{ where: 'text', text: Buffer.from(subject).toString('latin1') }];
  const attempts: readonly (readonly [string, () => unknown])[] = [
    [
      'inspect',
      () =>
        inspect(subject, {
          depth: 10,
          showHidden: true,
          maxArrayLength: null,
          maxStringLength: null,
          breakLength: Infinity,
        }),
    ],
    ['json', () => JSON.stringify(subject)],
    ['string', () => String(subject)],
    ['stack', () => (subject instanceof Error ? subject.stack : undefined)],
    ['entries', () => entriesText(subject)],
  ];
  return attempts.flatMap(([where, make]) => {
    const text = attempt(make);
    return typeof text === 'string' ? [{ where, text }] : [];
  });
}

/** Headers, forms, maps and sets print no contents in some of the ways above. */
function entriesText(subject: unknown): string | undefined {
  if (typeof subject !== 'object' || subject === null || !(Symbol.iterator in subject)) return undefined;
  return JSON.stringify([...(subject as Iterable<unknown>)]);
}

/** A value that cannot be turned into a text in one of the ways shows nothing in that way. */
function attempt(make: () => unknown): unknown {
  try {
    return make();
  } catch {
    return undefined;
  }
}

interface Form {
  readonly form: string;
  readonly pattern: RegExp;
}

function formsOf(secret: string): readonly Form[] {
  const bytes = Buffer.from(secret);
  const json = JSON.stringify(secret).slice(1, -1);
  const plain = [secret, bytes.toString('latin1')];
  return [
    form('plain', plain),
    form('json', [json, JSON.stringify(json).slice(1, -1), inspect(secret).slice(1, -1)]),
    form('url', [encodeURIComponent(secret), encodeURI(secret)], 'i'),
    form('form', [new URLSearchParams({ v: secret }).toString().slice(2)], 'i'),
    form('hex', [bytes.toString('hex')], 'i'),
    form('base64', base64Windows(bytes, 'base64')),
    form('base64url', base64Windows(bytes, 'base64url')),
  ];
}

function form(name: string, texts: readonly string[], flags = ''): Form {
  return { form: name, pattern: new RegExp(texts.map(escapePattern).join('|'), flags) };
}

/**
 * The base64 of bytes depends on what stands before them (`user:` in a Basic header): one text for each of the three
 * alignments, without the characters at both ends that also hold bits of neighbours.
 */
function base64Windows(bytes: Buffer, encoding: 'base64' | 'base64url'): readonly string[] {
  return [0, 1, 2].map((shift) => {
    const text = Buffer.concat([Buffer.alloc(shift), bytes])
      .toString(encoding)
      .replaceAll('=', '');
    const start = shift === 0 ? 0 : shift + 1;
    const complete = Math.floor(((shift + bytes.length) * 8) / 6);
    return text.slice(start, complete);
  });
}

function escapePattern(text: string): string {
  return text.replaceAll(/[.*+?^${}()|[\]\\/-]/g, String.raw`\$&`);
}
