/** A foreign text in a message: short and without control characters. */
export function printable(value: unknown): string {
  // oxlint-disable-next-line no-control-regex -- control characters are what is removed
  return String(value)
    .slice(0, 60)
    .replace(/[\u0000-\u001f\u007f]/g, '?');
}
