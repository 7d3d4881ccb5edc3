/** The vault against AES-256-GCM of node:crypto with one key: what the subkeys, the bound context and the format cost. */
import { createCipheriv, createDecipheriv, createSecretKey, randomBytes } from 'node:crypto';
import { createVault, type SealContext } from '@plugboard/core';
import { measure } from './measure.ts';

const plaintext = randomBytes(500);
const key = createSecretKey(randomBytes(32));
const bound = randomBytes(58);
const tag = { authTagLength: 16 };

function bareSeal(): Buffer {
  const nonce = randomBytes(12);
  const cipher = createCipheriv('aes-256-gcm', key, nonce, tag);
  cipher.setAAD(bound);
  return Buffer.concat([nonce, cipher.update(plaintext), cipher.final(), cipher.getAuthTag()]);
}

const bareSealed = bareSeal();

function bareOpen(): Buffer {
  const cipher = createDecipheriv('aes-256-gcm', key, bareSealed.subarray(0, 12), tag);
  cipher.setAAD(bound);
  cipher.setAuthTag(bareSealed.subarray(-16));
  return Buffer.concat([cipher.update(bareSealed.subarray(12, -16)), cipher.final()]);
}

const context: SealContext = {
  organizationId: 'org_2f6b1c',
  connectionId: '5f0c2b1e-9d7a-4b9e-8a50-000000000001',
  provider: 'klaviyo',
  purpose: 'credentials',
};
const keys = { k1: randomBytes(32) };
const vault = createVault({ environment: 'production', keys });
const withoutCache = createVault({ environment: 'production', keys, cachedSubkeys: 0 });
const sealed = await vault.seal(context, plaintext);

await measure('seal 500 bytes', {
  'node:crypto': async () => Promise.resolve(bareSeal()),
  vault: () => vault.seal(context, plaintext),
  'vault, subkey not cached': () => withoutCache.seal(context, plaintext),
});
await measure('open 500 bytes', {
  'node:crypto': async () => Promise.resolve(bareOpen()),
  vault: () => vault.open(context, sealed),
  'vault, subkey not cached': () => withoutCache.open(context, sealed),
});
