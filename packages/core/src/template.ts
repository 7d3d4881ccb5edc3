/**
 * Path and origin templates: the only way in which a value from outside becomes part of a URL's path or host.
 *
 * A path value fills exactly one segment, percent-encoded, or with `{+name}` as many as its slashes say (RFC 6570 section
 * 3.2.3), none of them `.` or `..`; an origin value is exactly one DNS label. Nothing is ever concatenated and parsed
 * afterwards in the hope that it stayed in its place.
 */
import { configurationError, invalidInput } from './errors.ts';

const placeholder = /\{(\+?)(\w+)\}/g;
// oxlint-disable-next-line no-control-regex -- control characters are what is refused
const controlCharacter = /[\u0000-\u001f\u007f]/;
/** In both cases, because lower case is made afterwards: other scripts have letters that become ASCII by it. */
const dnsLabel = /^[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?$/;

export type TemplateValues = Readonly<Record<string, string | number | undefined>>;

/** Names of the placeholders, in order. */
export function templateNames(template: string): string[] {
  return Array.from(template.matchAll(placeholder), (match) => match[2]!);
}

/**
 * Fills `/v1/lists/{listId}/members` with values, each encoded as a part of one segment (RFC 3986 section 2.1).
 * @throws PlugboardError code `invalid_input` for a value that is missing, empty, not a finite number, or would make a
 * `.` or `..` segment; the value is never quoted.
 */
export function expandTemplate(template: string, values: TemplateValues): string {
  return template
    .split('/')
    .map((segment) => expandSegment(segment, values))
    .join('/');
}

/**
 * Fills `https://{shop}.example.com` with DNS labels and returns the origin.
 * @throws PlugboardError code `invalid_input` when a value is not one DNS label (RFC 1123 section 2.1) in ASCII.
 */
export function expandOrigin(template: string, values: TemplateValues): string {
  const origin = template.replace(placeholder, (_match, _plus, name: string) => {
    const label = String(ownValue(values, name) ?? '');
    if (dnsLabel.test(label)) return label.toLowerCase();
    throw invalidInput('The host', [
      { path: name, message: 'must be one label of a host name: a-z, 0-9 and inner hyphens' },
    ]);
  });
  // Labels alone cannot change the host's shape, but a template could: parsed and unparsed form must agree.
  if (URL.canParse(origin) && new URL(origin).origin === origin) return origin;
  throw configurationError('invalid_origin_template', `\`${template}\` is not an origin.`, 'Write it as https://host.');
}

function expandSegment(segment: string, values: TemplateValues): string {
  if (!segment.includes('{')) return segment;
  const encoded = segment.replace(placeholder, (_match, plus: string, name: string) => {
    const value = ownValue(values, name);
    const parts = plus === '' || typeof value !== 'string' ? [] : value.split('/');
    // Empty parts between slashes stay: `a//b` is another path than `a/b`.
    if (parts.length > 1) return parts.map((part) => (part === '' ? '' : encodePart(name, part))).join('/');
    return encodePart(name, value);
  });
  if (!encoded.split('/').some((part) => part === '.' || part === '..')) return encoded;
  throw invalidInput('The path', [{ path: templateNames(segment).join(', '), message: 'must not be `.` or `..`' }]);
}

function encodePart(name: string, value: string | number | undefined): string {
  const problem =
    value === undefined || value === ''
      ? 'is required'
      : typeof value === 'number'
        ? Number.isFinite(value) || 'must be a finite number'
        : controlCharacter.test(value)
          ? 'must not contain control characters'
          : value.isWellFormed() || 'must be well-formed text';
  if (problem === true) return encodeURIComponent(value as string | number);
  throw invalidInput('The path', [{ path: name, message: problem as string }]);
}

function ownValue(values: TemplateValues, name: string): string | number | undefined {
  return Object.hasOwn(values, name) ? values[name] : undefined;
}
