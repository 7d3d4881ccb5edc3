/** The vault on the cryptography that the runtime has: WebCrypto everywhere, node:crypto where it is there. */
import { createVault, decodeBase64, encodeBase64, type SealContext, type Vault } from '@plugboard/core';

import { codeOf, same, Skip, type Check, type Given } from './report.ts';

/** Known to every runtime, so that each opens what the others sealed. */
const key = 'yDQ7rAjYq1xWmM0o2hVJ5tGd8kZbE3nRfLcPsUuTiHw';
export const secret = 'a token of the vendor: \u00fc\u{1f511}';
const context: SealContext = {
  organizationId: 'org-1',
  connectionId: 'connection-1',
  provider: 'acme',
  purpose: 'credentials',
};

export const ciphers = ['node:crypto', 'WebCrypto'] as const;
type Cipher = (typeof ciphers)[number];
type Lookup = { getBuiltinModule?: (id: string) => unknown };

const runtimeProcess = (): Lookup | undefined => (globalThis as { process?: Lookup }).process;
const hasNodeCrypto = () => runtimeProcess()?.getBuiltinModule?.('node:crypto') !== undefined;

/** Runs something with a vault on one of both. */
export async function withCipher<T>(cipher: Cipher, use: (vault: Vault) => Promise<T>): Promise<T> {
  const create = () => createVault({ environment: 'test', keys: { k1: key } });
  if (cipher === 'node:crypto') {
    if (!hasNodeCrypto()) throw new Skip('this runtime shows no node:crypto');
    return use(create());
  }
  const holder = runtimeProcess();
  if (!hasNodeCrypto() || holder === undefined) return use(create());
  const { getBuiltinModule } = holder;
  const hide = (value: Lookup['getBuiltinModule']) =>
    Object.defineProperty(holder, 'getBuiltinModule', { value, configurable: true, writable: true });
  hide((id) => (id === 'node:crypto' ? undefined : getBuiltinModule!(id)));
  try {
    return await use(create());
  } finally {
    hide(getBuiltinModule);
  }
}

export async function seal(vault: Vault): Promise<string> {
  return encodeBase64(await vault.seal(context, new TextEncoder().encode(secret)));
}

export async function open(vault: Vault, sealed: string): Promise<string> {
  return new TextDecoder().decode(await vault.open(context, decodeBase64(sealed)!));
}

export const vaultChecks = ({ sealed: foreign }: Given): readonly Check[] =>
  ciphers.flatMap((cipher): Check[] => [
    {
      name: `vault: opens with ${cipher} what another process sealed`,
      run: () =>
        withCipher(cipher, async (vault) => {
          same(Object.keys(foreign).length, ciphers.length);
          for (const sealed of Object.values(foreign)) same(await open(vault, sealed), secret);
        }),
    },
    {
      name: `vault: seals with ${cipher}`,
      run: () =>
        withCipher(cipher, async (vault) => {
          const sealed = await seal(vault);
          same(await open(vault, sealed), secret);
          return sealed;
        }),
    },
    {
      name: `vault: short tags and changed bytes are refused with ${cipher}`,
      run: () =>
        withCipher(cipher, async (vault) => {
          const sealed = await vault.seal(context, new TextEncoder().encode(secret));
          const refused = (bytes: Uint8Array) => codeOf(vault.open(context, bytes));
          const tagAt = sealed.length - 16;
          for (const kept of [0, 4, 8, 12, 13, 15])
            same([kept, await refused(sealed.slice(0, tagAt + kept))], [kept, 'vault_auth_failed']);
          for (const at of [tagAt - 1, tagAt, sealed.length - 1]) {
            const changed = sealed.map((byte, index) => (index === at ? byte ^ 1 : byte));
            same([at, await refused(changed)], [at, 'vault_auth_failed']);
          }
        }),
    },
  ]);
