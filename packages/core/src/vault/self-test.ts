import { encodeUtf8, equalBytes } from '../bytes.ts';
import { configurationError } from '../errors.ts';
import { randomBytes } from '../random.ts';
import type { CipherMessage, RootKey, Subkey } from './cipher.ts';
import { nonceLength } from './format.ts';

const drawLength = 32;

/**
 * Proves, before a key is used, that this runtime can keep a secret with it: what is encrypted comes back, what is
 * altered does not, and the random generator, on which every nonce rests, is not stuck.
 * @throws PlugboardError code `vault_self_test`.
 */
export async function proveKey(root: RootKey): Promise<void> {
  const draw = randomBytes(drawLength);
  if (equalBytes(draw, randomBytes(drawLength))) throw selfTestFailed('repeats itself');
  const subkey = await root.subkey(encodeUtf8('self test'));
  const message = { nonce: randomBytes(nonceLength), associatedData: encodeUtf8('self test') };
  const sealed = await subkey.encrypt({ ...message, body: draw }, new Uint8Array());
  const body = sealed.subarray(nonceLength);
  const opened = await tryDecrypt(subkey, { ...message, body });
  if (opened === undefined || !equalBytes(opened, draw)) throw selfTestFailed('does not decrypt what it encrypted');
  body[0]! ^= 1;
  const altered = await tryDecrypt(subkey, { ...message, body });
  if (altered !== undefined) throw selfTestFailed('accepts an altered ciphertext');
}

async function tryDecrypt(subkey: Subkey, message: CipherMessage): Promise<Uint8Array | undefined> {
  try {
    return await subkey.decrypt(message);
  } catch {
    return undefined;
  }
}

function selfTestFailed(what: string) {
  return configurationError(
    'vault_self_test',
    `The cryptography of this runtime ${what}; nothing was sealed.`,
    'Run on a runtime with a sound crypto implementation, and remove what replaces globalThis.crypto or node:crypto.',
  );
}
