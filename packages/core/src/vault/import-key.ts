import { nodeCrypto } from '../hash.ts';
import type { RootKey } from './cipher.ts';
import { importNodeKey } from './node-cipher.ts';
import { proveKey } from './self-test.ts';
import { importWebKey } from './web-cipher.ts';

/**
 * A working root key of 32 bytes, which are overwritten here: the platform's key object holds the only copy.
 * @throws PlugboardError code `vault_self_test` when this runtime's cryptography cannot be trusted.
 */
export async function importKey(bytes: Uint8Array<ArrayBuffer>): Promise<RootKey> {
  const node = nodeCrypto();
  const root = node === undefined ? await importWebKey(bytes) : importNodeKey(node, bytes);
  bytes.fill(0);
  await proveKey(root);
  return root;
}
