/** Webhook verification against the bare primitive and constant-time comparison of node:crypto; and the vendors' own. */
import {
  createHmac,
  createPrivateKey,
  createPublicKey,
  createSecretKey,
  randomBytes,
  sign,
  timingSafeEqual,
  verify as verifySignature,
} from 'node:crypto';

import { verify as octokit } from '@octokit/webhooks-methods';
import {
  basicToken,
  ed25519Example,
  ed25519Signature,
  ed25519Signer,
  encodeBase64,
  encodeUtf8,
  hmacSignature,
  hmacSigner,
  Secret,
  signatureList,
  signStandardWebhook,
  standardWebhooks,
  staticToken,
  type HmacSignatureOptions,
  type Verify,
} from '@plugboard/core';
import Stripe from 'stripe';
import { Webhook } from 'svix';

import { measure, type Measured } from '../harness/measure.ts';
import { timeTable, type Benchmark, type Goal, type Report } from '../harness/report.ts';

const text = randomBytes(32).toString('base64');
const at = new Date();
const url = 'https://app.example.com/hooks/x';
const hmacFloor = 'node:crypto HMAC-SHA-256, timingSafeEqual';
const edFloor = 'node:crypto Ed25519';

const plain: HmacSignatureOptions = {
  header: 'x-plain',
  prefix: 'sha256=',
  algorithm: 'sha256',
  encoding: 'hex',
  deliveryId: 'x-id',
};
const timed: HmacSignatureOptions = {
  header: 'x-timed',
  prefix: 'v0=',
  algorithm: 'sha256',
  encoding: 'hex',
  timestamp: { header: 'x-time', unit: 'seconds' },
  content: ({ body }, timestamp) => [`v0:${timestamp}:`, body],
};
const listed: HmacSignatureOptions = {
  header: 'stripe-signature',
  form: signatureList({ timestamp: 't', signature: 'v1' }),
  algorithm: 'sha256',
  encoding: 'hex',
  timestamp: { unit: 'seconds' },
  content: ({ body }, timestamp) => [`${timestamp}.`, body],
};
const edwards: Parameters<typeof ed25519Signature>[0] = {
  header: 'x-ed',
  timestamp: { header: 'x-ed-time', unit: 'seconds' },
  content: ({ body }, timestamp) => [timestamp, body],
};

export const benchmark: Benchmark = {
  title: 'Webhook verification',
  async run({ rounds }): Promise<Report> {
    const small = await ofSize(1024, rounds);
    const large = await ofSize(102_400, rounds);
    return {
      tables: [small, large].flatMap(({ size, hmac, edwards: ed, parsing }) => [
        timeTable(`Keyed hashes and tokens, ${size}`, hmac),
        timeTable(`Ed25519, ${size}`, ed),
        timeTable(`With the body parsed, as the vendors' packages do at once, ${size}`, parsing),
      ]),
      goals: [...goalsOf(small, 1.25), ...goalsOf(large, 1.05)],
    };
  },
};

interface Sized {
  readonly size: string;
  readonly hmac: readonly Measured[];
  readonly edwards: readonly Measured[];
  readonly parsing: readonly Measured[];
}

/** Each scheme of core against its floor, by CPU time. */
function goalsOf({ size, hmac, edwards: ed }: Sized, limit: number): Goal[] {
  const own = [...hmac, ...ed].filter(({ name }) => name.startsWith('core:'));
  return own.map(({ name, cpuRatio }) => ({
    what: `${name.slice(6)}, ${size}`,
    limit,
    measured: cpuRatio.median,
    unit: 'x',
  }));
}

async function ofSize(bytes: number, rounds: number): Promise<Sized> {
  const body = bodyOf(bytes);
  const raw = encodeUtf8(body);
  const buffer = Buffer.from(body);
  const key = createSecretKey(Buffer.from(text));
  const expected = createHmac('sha256', key).update(raw).digest();
  const secret = new Secret(text);
  const standard = `whsec_${text}`;
  const headers = new Headers({
    'x-id': 'abc',
    'x-token': `Bearer ${text}`,
    authorization: `Basic ${encodeBase64(encodeUtf8(text))}`,
  });
  for (const options of [plain, timed, listed]) await addTo(headers, hmacSigner(options)({ body, url, at }, text));
  await addTo(headers, ed25519Signer(edwards)({ body, url, at }, ed25519Example.publicKey));
  await addTo(headers, signStandardWebhook({ id: 'msg_1', at, body }, standard));
  const delivery = { method: 'POST', url: new URL(url), headers, body: raw, receivedAt: at.getTime() };
  const judged = async (verify: Verify, known: string) => {
    const secrets = [new Secret(known)];
    if (!(await verify(delivery, secrets)).ok) throw new Error('the benchmark would measure a refused delivery');
    return () => verify(delivery, secrets);
  };
  const bare = () => timingSafeEqual(createHmac('sha256', key).update(raw).digest(), expected);
  const list = await judged(hmacSignature(listed), text);
  const hmac = await measure(
    {
      [hmacFloor]: bare,
      'core: signature of the body': await judged(hmacSignature(plain), text),
      'core: signature with a timestamp': await judged(hmacSignature(timed), text),
      'core: list of signatures with a timestamp': list,
      'core: Standard Webhooks': await judged(standardWebhooks(), standard),
      'core: token in a header': await judged(staticToken({ header: 'x-token', prefix: 'Bearer ' }), text),
      'core: user and password': await judged(basicToken(), text),
      '@octokit/webhooks-methods': () => octokit(text, body, headers.get('x-plain') ?? ''),
    },
    { rounds },
  );
  const ed = await measure(
    {
      [edFloor]: bareEd25519(raw),
      'core: Ed25519 with a timestamp': await judged(ed25519Signature(edwards), ed25519Example.publicKey),
    },
    { rounds },
  );
  const stripe = new Stripe('sk_test_x');
  const svix = new Webhook(standard);
  const svixHeaders = Object.fromEntries(
    ['id', 'timestamp', 'signature'].map((name) => [`webhook-${name}`, headers.get(`webhook-${name}`) ?? '']),
  );
  const signature = headers.get('stripe-signature') ?? '';
  const parsing = await measure(
    {
      [hmacFloor]: bare,
      'the same and JSON.parse': () => bare() && (JSON.parse(buffer.toString()) as unknown),
      'core, then JSON.parse': async () => (await list()).ok && (JSON.parse(buffer.toString()) as unknown),
      'stripe, constructEvent': () => stripe.webhooks.constructEvent(buffer, signature, secret.reveal()),
      'svix, verify': () => svix.verify(buffer, svixHeaders),
    },
    { rounds },
  );
  return { size: bytes === 1024 ? '1 KB' : '100 KB', hmac, edwards: ed, parsing };
}

async function addTo(headers: Headers, signed: Promise<Readonly<Record<string, string>>>): Promise<void> {
  for (const [name, value] of Object.entries(await signed)) headers.set(name, value);
}

/** A body of that many bytes that parses as a vendor's would. */
function bodyOf(bytes: number): string {
  const items: object[] = [];
  while (JSON.stringify({ type: 'thing.changed', items }).length < bytes) {
    items.push({ id: `obj_${items.length}`, name: 'A thing', amount: 1000 + items.length, active: true });
  }
  return JSON.stringify({ type: 'thing.changed', items });
}

function bareEd25519(raw: Uint8Array): () => boolean {
  // RFC 8410: a seed becomes a private key by this header.
  const der = Buffer.concat([
    Buffer.from('302e020100300506032b657004220420', 'hex'),
    Buffer.from(ed25519Example.seed, 'hex'),
  ]);
  const privateKey = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' });
  const publicKey = createPublicKey(privateKey);
  const signature = sign(null, raw, privateKey);
  return () => verifySignature(null, raw, publicKey, signature);
}
