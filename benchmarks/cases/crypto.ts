/** The vault against AES-256-GCM of node:crypto with one key: what subkeys, bound context and format cost; and peers. */
import { createCipheriv, createDecipheriv, createSecretKey, randomBytes, webcrypto } from 'node:crypto';

import { createVault, encodeUtf8, type SealContext } from '@plugboard/core';
import { symmetricDecrypt, symmetricEncrypt } from 'better-auth/crypto';
import { compactDecrypt, CompactEncrypt } from 'jose';

import { measure } from '../harness/measure.ts';
import { rowOf, timeTable, type Benchmark, type Report } from '../harness/report.ts';

const plaintext = encodeUtf8(`ya29.${'x'.repeat(195)}`);
const bytes = randomBytes(32);
const key = createSecretKey(bytes);
const bound = randomBytes(90);
const tag = { authTagLength: 16 };
const context: SealContext = {
  organizationId: 'org_2f6b1c',
  connectionId: '5f0c2b1e-9d7a-4b9e-8a50-000000000001',
  provider: 'klaviyo',
  purpose: 'credentials',
};
const floor = 'node:crypto, one key object, associated data';
const ours = 'vault';

export const benchmark: Benchmark = {
  title: 'Sealing and opening one token of 200 bytes',
  async run({ rounds }): Promise<Report> {
    const keys = { k1: bytes };
    const vault = createVault({ environment: 'production', keys });
    const withoutCache = createVault({ environment: 'production', keys, cachedSubkeys: 0 });
    const sealed = await vault.seal(context, plaintext);
    const bareSealed = bareSeal();
    const webKey = await webcrypto.subtle.importKey('raw', bytes, 'AES-GCM', false, ['encrypt', 'decrypt']);
    const sealJwe = async () =>
      new CompactEncrypt(plaintext).setProtectedHeader({ alg: 'dir', enc: 'A256GCM' }).encrypt(webKey);
    const jwe = await sealJwe();
    const gcm = (iv: Uint8Array<ArrayBuffer>) => ({ name: 'AES-GCM', iv, additionalData: bound });
    const webIv = new Uint8Array(12);
    const webSealed = await webcrypto.subtle.encrypt(gcm(webIv), webKey, plaintext);
    const secret = 'x'.repeat(40);
    const text = new TextDecoder().decode(plaintext);
    const foreign = await symmetricEncrypt({ key: secret, data: text });

    const seal = await measure(
      {
        [floor]: bareSeal,
        [ours]: () => vault.seal(context, plaintext),
        'vault, subkey not at hand': () => withoutCache.seal(context, plaintext),
        WebCrypto: () =>
          webcrypto.subtle.encrypt(gcm(webcrypto.getRandomValues(new Uint8Array(12))), webKey, plaintext),
        'jose, CryptoKey': sealJwe,
        'Better Auth': () => symmetricEncrypt({ key: secret, data: text }),
      },
      { rounds },
    );
    const open = await measure(
      {
        [floor]: () => bareOpen(bareSealed),
        [ours]: () => vault.open(context, sealed),
        'vault, subkey not at hand': () => withoutCache.open(context, sealed),
        WebCrypto: () => webcrypto.subtle.decrypt(gcm(webIv), webKey, webSealed),
        'jose, CryptoKey': () => compactDecrypt(jwe, webKey),
        'Better Auth': () => symmetricDecrypt({ key: secret, data: foreign }),
      },
      { rounds },
    );
    return {
      tables: [timeTable('Seal', seal), timeTable('Open', open)],
      goals: [
        { what: 'seal, CPU against the floor', limit: 1.5, measured: rowOf(seal, ours).cpuRatio.median, unit: 'x' },
        { what: 'open, CPU against the floor', limit: 1.6, measured: rowOf(open, ours).cpuRatio.median, unit: 'x' },
      ],
    };
  },
};

function bareSeal(): Buffer {
  const nonce = randomBytes(12);
  const cipher = createCipheriv('aes-256-gcm', key, nonce, tag);
  cipher.setAAD(bound);
  return Buffer.concat([nonce, cipher.update(plaintext), cipher.final(), cipher.getAuthTag()]);
}

function bareOpen(sealed: Buffer): Buffer {
  const cipher = createDecipheriv('aes-256-gcm', key, sealed.subarray(0, 12), tag);
  cipher.setAAD(bound);
  cipher.setAuthTag(sealed.subarray(-16));
  return Buffer.concat([cipher.update(sealed.subarray(12, -16)), cipher.final()]);
}
