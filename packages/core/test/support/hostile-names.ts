/** What somebody might enter as the name of a shop or an instance to be sent elsewhere. */

const domain = 'shops.example';

/** Characters that end a host, begin something else in a URL, or are dropped or folded by its parser. */
const odd = [
  '/', '\\', '?', '#', '@', ':', ';', ',', '&', '=', '+', '%', '$', '!', '*', "'", '"', '(', ')', '<', '>', '[', ']',
  '{', '}', '|', '^', '`', '~', '_', ' ', '\t', '\n', '\r', '\r\n', '\0', '\u00a0', '\u00ad', '\u200b', '\u200d',
  '\u202e', '\u2028', '\u2060', '\ufeff', '\uff0e', '\u3002', '\uff61', '\uff0f', '\uff03', '\uff20', '\uff1a',
  '\u2100', '\u2024', '\u0130', '\u017f', '\u212a', '\u00df', '\ufb00', '\ud800', '😀', 'é', '．', '％２ｆ',
]; // prettier-ignore

const encoded = [
  '%00', '%09', '%0a', '%0d', '%0d%0a', '%20', '%23', '%25', '%2e', '%2E', '%2f', '%2F', '%3a', '%3f', '%40', '%5c',
  '%2e%2e', '%252f', '%c0%af', '%e3%80%82', '%ef%bc%8e', '&#47;', '\\u002f',
]; // prettier-ignore

const whole = [
  '', ' ', '.', '..', '...', '-', '--', '_', '*', '*.x', '.x', 'x.', 'x..', '..x', 'x..y', '-x', 'x-', '@', ':', '/',
  '//', '///', '\\\\', '?', '#', 'evil.com', 'evil.com/', 'evil.com#', 'evil.com?', 'evil.com\\', 'evil.com:443',
  `evil.com/x.${domain}`, `evil.com#x.${domain}`, `evil.com?x.${domain}`, `evil.com\\x.${domain}`, `x.${domain}`,
  `x.${domain}@evil.com`, `x.${domain}#`, `x.${domain}/`, `x.${domain}:443`, `x.${domain}.evil.com`, `x.${domain}%2f..`,
  'user:pass@x', 'user@x', ':x', 'x:', 'x:443', 'x:0', 'x:99999', 'http://x', 'https://x', 'https:x', '//x', '//evil.com/',
  'javascript:alert(1)', 'data:,x', 'file:///etc/passwd', 'x/../../evil', 'x/..', '../x', '..;/x', './x', '~x',
  '127.0.0.1', '127.1', '0x7f.1', '[::1]', '[::ffff:7f00:1]', '::1',
  '169.254.169.254', '10.0.0.5', 'localhost.', 'x.localhost', '1.1', '0.0.0.0',
  'a'.repeat(64), 'a'.repeat(4_096), `${'a.'.repeat(130)}a`, 'xn--', 'ｘ', 'К', 'shöp', 'ѕhop', 'sh0p\u0301',
  'x\nHost: evil.com', 'x\r\nx: y', 'x y', 'x\u0000.evil.com', '${x}', '{shop}', '{{x}}', '%s', '$(id)', '`id`',
  "' or 1=1--", '<script>', 'null byte\0', 'true false',
]; // prettier-ignore

/** More than 200, none of which is one label of a host name. */
export const hostileNames: readonly string[] = [
  ...new Set([
    ...whole,
    ...odd.flatMap((text) => [`x${text}`, `${text}x`, `x${text}evil.com`]),
    ...encoded.map((text) => `x${text}y`),
  ]),
];
