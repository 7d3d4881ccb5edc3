import { errorFields } from '../events.ts';

/** What a stored event says of a failure: our code, or the class of a foreign error. Never its text. */
export function errorCode(error: unknown): string {
  const { code, error: name } = errorFields(error);
  const said = typeof code === 'string' ? code : typeof name === 'string' ? name : '';
  return said.replaceAll('\0', '').toWellFormed().slice(0, 100).toWellFormed() || 'unknown';
}
