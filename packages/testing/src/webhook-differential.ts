/** Holds a provider's webhook verification against the vendor's own verifier, over deliveries that are broken at random. */
import { Secret, type Delivery, type WebhookDefinition } from '@plugboard/core';
import { expect } from 'vitest';

/** One delivery as both verifiers get it. */
export interface MutatedDelivery {
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** When it was signed, and when it is judged: milliseconds. */
  readonly signedAt: number;
  readonly receivedAt: number;
}

export interface DifferentialOptions {
  readonly secret: string;
  /** The vendor's verdict. A throw is a refusal. */
  readonly accepts: (delivery: MutatedDelivery) => unknown;
  /** Why ours refuses what the vendor's accepts; undefined where it must not. */
  readonly stricter?: (delivery: MutatedDelivery) => string | undefined;
  /** Headers besides those of the signature. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly bodies?: readonly string[];
  readonly url?: string;
  /** Seconds from the signature to its judgement. Default: now, both sides of five minutes, and the future. */
  readonly ages?: readonly number[];
  /** Default 10,000. */
  readonly turns?: number;
  readonly seed?: number;
}

export interface DifferentialResult {
  readonly accepted: number;
  readonly refused: number;
  /** How often each stricter rule decided. */
  readonly stricter: Readonly<Record<string, number>>;
}

/**
 * Equal verdicts, or a stricter rule that was named. A run in which neither verdict is common proves nothing and fails.
 * @example await agreesWithVerifier(acme.definition.webhooks!, { secret, accepts: ({ body, headers }) => verifyAcme(body, headers) })
 */
export async function agreesWithVerifier(
  webhooks: Pick<WebhookDefinition, 'verify' | 'sign'>,
  options: DifferentialOptions,
): Promise<DifferentialResult> {
  const { secret, turns = 10_000, seed = 20_261_120 } = options;
  const next = numbersFrom(seed);
  const stricter: Record<string, number> = {};
  let accepted = 0;
  for (let turn = 0; turn < turns; turn++) {
    const delivery = mutate(await signedDelivery(webhooks, options, next), next);
    const ours = (await webhooks.verify(deliveryOf(delivery), [new Secret(secret)])).ok;
    const theirs = await verdictOf(options, delivery);
    const reason = theirs && !ours ? options.stricter?.(delivery) : undefined;
    if (reason !== undefined) stricter[reason] = (stricter[reason] ?? 0) + 1;
    else expect(ours, `turn ${turn} of seed ${seed}: ${JSON.stringify(delivery)}`).toBe(theirs);
    if (ours) accepted++;
  }
  expect(accepted, 'deliveries that both accept').toBeGreaterThan(turns / 20);
  expect(turns - accepted, 'deliveries that ours refuses').toBeGreaterThan(turns / 20);
  return { accepted, refused: turns - accepted, stricter };
}

type Next = (below: number) => number;

/** Numerical Recipes' generator: the same numbers on every machine. Its low bits alternate, so the high ones decide. */
function numbersFrom(seed: number): Next {
  let state = seed >>> 0;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

const now = Date.UTC(2026, 10, 20, 10);
const usualAges = [0, 0, 0, 1, 299, 300, 301, 600, -1, -299, -301, -86_400];
const usualBodies = ['{"id":1}', '{"text":"é ü 漢"}', '{}', '{"a":[1,2,3],"b":{"c":"d"}}', '{"id":1}\n'];

async function signedDelivery(
  { sign }: Pick<WebhookDefinition, 'sign'>,
  options: DifferentialOptions,
  next: Next,
): Promise<MutatedDelivery> {
  const { bodies = usualBodies, url = 'https://app.example/webhooks/vendor?a=1&b=%20', ages = usualAges } = options;
  const body = bodies[next(bodies.length)]!;
  const signedAt = now - ages[next(ages.length)]! * 1000;
  const secret = next(12) === 0 ? `${options.secret.slice(0, -1)}A` : options.secret;
  const signature = await sign({ body, url, at: new Date(signedAt) }, secret);
  return { method: 'POST', url, headers: { ...options.headers, ...signature }, body, signedAt, receivedAt: now };
}

function mutate(delivery: MutatedDelivery, next: Next): MutatedDelivery {
  if (next(3) !== 0) return delivery;
  const names = Object.keys(delivery.headers);
  const name = names[next(names.length)]!;
  const value = delivery.headers[name]!;
  const withValue = (changed: string) => ({ ...delivery, headers: { ...delivery.headers, [name]: changed } });
  const { [name]: _removed, ...others } = delivery.headers;
  const place = next(Math.max(value.length, 1));
  const changes: readonly (() => MutatedDelivery)[] = [
    () => withValue(value.slice(0, place) + (value[place] === '0' ? '1' : '0') + value.slice(place + 1)),
    () => withValue(value.slice(0, place)),
    () => withValue(value.toUpperCase()),
    () => withValue(value.toLowerCase()),
    () => withValue(`${value}0`),
    () => withValue(`${value}, ${value}`),
    () => withValue(''),
    () => ({ ...delivery, headers: others }),
    () => ({ ...delivery, body: `${delivery.body} ` }),
    () => ({ ...delivery, body: delivery.body.slice(1) }),
    () => ({ ...delivery, body: '' }),
    () => ({ ...delivery, body: delivery.body.replace('1', '2') }),
  ];
  return changes[next(changes.length)]!();
}

function deliveryOf({ method, url, headers, body, receivedAt }: MutatedDelivery): Delivery {
  return { method, url: new URL(url), headers: new Headers(headers), body: new TextEncoder().encode(body), receivedAt };
}

async function verdictOf({ accepts }: DifferentialOptions, delivery: MutatedDelivery): Promise<boolean> {
  try {
    return (await accepts(delivery)) !== false;
  } catch {
    return false;
  }
}
