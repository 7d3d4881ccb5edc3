/** A package that is loaded when it is first needed and is not installed: the host's to mend, and no outage. */
import { PlugboardError } from './errors.ts';

const missingCodes: ReadonlySet<unknown> = new Set(['ERR_MODULE_NOT_FOUND', 'MODULE_NOT_FOUND']);
/** Runtimes tell the name in words alone, of a file by its path, which is nobody's business. */
const named =
  /(?:Cannot find (?:package|module)|No such module|Import) (['"])((?:@[\w.~-]+\/)?[\w~-][\w.~-]*)(?:\/[^'"]*)?\1/;
/** What workerd says, and gives no code. */
const workerdText = /^No such module "/;

/** Undefined for every other failure. Code `package_missing`. */
export function missingPackage(cause: unknown): PlugboardError | undefined {
  // What Bun throws is no Error.
  const { code, message } = (
    typeof cause === 'object' && cause !== null ? cause : {}
  ) as Partial<NodeJS.ErrnoException>;
  if (typeof message !== 'string' || !(missingCodes.has(code) || workerdText.test(message))) return undefined;
  const name = named.exec(message)?.[2];
  return new PlugboardError({
    kind: 'configuration',
    code: 'package_missing',
    message:
      name === undefined ? 'A module that this call needs is missing.' : `The package \`${name}\` is not installed.`,
    hint:
      name === undefined
        ? 'Install the dependencies of the application anew; a bundler must keep what is imported later.'
        : `Install it beside the provider (npm install ${name}); a bundler must keep what is imported later.`,
  });
}

/**
 * The same import, told as a mistake of the configuration where the package is not there.
 * @throws PlugboardError kind `configuration`, code `package_missing`.
 * @example const { jwtVerify } = await loaded(import('jose'))
 */
export async function loaded<T>(importing: Promise<T>): Promise<T> {
  return importing.catch((cause: unknown) => {
    throw missingPackage(cause) ?? cause;
  });
}
