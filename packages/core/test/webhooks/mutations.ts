/** Deliveries that are nearly right, for comparing verifiers. */
import { bytesOf, type DeliveryInit } from './deliveries.ts';

export interface SignInput {
  readonly body: Uint8Array;
  /** As it goes into the header: a vendor would send digits, an attacker whatever passes. */
  readonly timestamp: string;
  readonly id: string;
  readonly secret: string;
}

/** Signs as the vendor does, whatever the timestamp's text. */
export type Sign = (input: SignInput) => Readonly<Record<string, string>>;

export interface Mutant {
  readonly what: string;
  readonly init: DeliveryInit;
  readonly secret: string;
}

export interface Subject {
  readonly sign: Sign;
  readonly signatureHeader: string;
  readonly timestampHeader?: string;
  readonly idHeader?: string;
  readonly secrets: readonly [good: string, other: string];
  /** What the good signature looks like before its first digit. */
  readonly prefix: string;
}

const bodies = [
  '{"a":1,"a":2}',
  '{"n":1.0}',
  '{"t":"\\u00e9"}',
  '{"t":"é"}',
  '{"x":1}\n',
  '\ufeff{}',
  ' ',
  'a=1&b=%20',
];
const noUtf8 = new Uint8Array([0x7b, 0xff, 0xfe, 0x7d]);
const offsets = [0, 1, -299, -300, -301, 299, 300, 301, 86_400, -86_400];

/** One delivery: often valid, mostly damaged in one place. */
export function mutate(subject: Subject, at: number, random: () => number): Mutant {
  const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)]!;
  const [good, other] = subject.secrets;
  const seconds = Math.floor(at / 1000);
  const input = { body: bytesOf(pick(bodies)), timestamp: String(seconds), id: 'msg_1', secret: good };
  const headersOf = (change: Partial<SignInput> = {}) => subject.sign({ ...input, ...change });
  const from = (what: string, headers: Readonly<Record<string, string>>, body = input.body): Mutant => ({
    what,
    init: { headers: { 'content-type': 'application/json', ...headers }, body, at },
    secret: good,
  });
  const resigned = (what: string, change: Partial<SignInput>) =>
    from(what, headersOf(change), change.body ?? input.body);
  const damaged = (what: string, header: string | undefined, change: (value: string) => string) => {
    const headers = headersOf();
    const value = header === undefined ? undefined : headers[header];
    return value === undefined ? from('none', headers) : from(what, { ...headers, [header!]: change(value) });
  };

  const signature = (what: string, change: (value: string) => string) => damaged(what, subject.signatureHeader, change);
  const kinds: readonly (() => Mutant)[] = [
    () => from('none', headersOf()),
    () => resigned('clock', { timestamp: String(seconds + pick(offsets)) }),
    () => resigned('timestamp text', { timestamp: pick(oddTimestamps(seconds)) }),
    () => resigned('id text', { id: pick(['msg.1', 'msg_2', 'a'.repeat(300), 'm,1']) }),
    () => ({ ...from('secret', headersOf({ secret: other })) }),
    () => from('body byte', headersOf(), flipped(input.body, random)),
    () => from('body longer', headersOf(), new Uint8Array([...input.body, pick([0x20, 0x0a, 0x00, 0xff])])),
    () => from('body shorter', headersOf(), input.body.subarray(0, -1)),
    () => resigned('body no UTF-8', { body: noUtf8 }),
    () =>
      from('body no UTF-8, signed as text', headersOf({ body: Buffer.from(Buffer.from(noUtf8).toString()) }), noUtf8),
    () => signature('signature byte', (value) => flippedText(value, random)),
    () => signature('signature cut', (value) => value.slice(0, Math.floor(random() * value.length))),
    () => signature('signature longer', (value) => value + pick(['=', 'a', ',x', ';', '.', '==', '=b'])),
    () => signature('signature upper case', (value) => value.toUpperCase()),
    () => signature('signature spaced', (value) => value.replace(subject.prefix, `${subject.prefix} `)),
    () => signature('signature twice', (value) => `${value}, ${value}`),
    () => signature('signature listed twice', (value) => `${value} ${value}`),
    () => signature('signature after others', (value) => `${'v2,abc '.repeat(pick([1, 9, 10]))}${value}`),
    () => signature('signature empty', () => ''),
    () => signature('signature of prefix alone', () => subject.prefix),
    () => signature('signature elsewhere', (value) => value.slice(subject.prefix.length)),
    () => damaged('timestamp changed', subject.timestampHeader, (value) => String(Number(value) + 1)),
    () => damaged('timestamp twice', subject.timestampHeader, (value) => `${value}, ${value}`),
    () => damaged('timestamp empty', subject.timestampHeader, () => ''),
    () => damaged('id changed', subject.idHeader, (value) => `${value}x`),
    () => damaged('id empty', subject.idHeader, () => ''),
  ];
  return pick(kinds)();
}

function oddTimestamps(seconds: number): readonly string[] {
  const text = String(seconds);
  return [
    `${seconds}000`,
    `${text}abc`,
    `${text}.0`,
    `${text}.9`,
    `+${text}`,
    `0${text}`,
    `-${text}`,
    '1e9',
    '0x6553f100',
    `${text} 1`,
    '1'.repeat(20),
    'now',
  ];
}

function flipped(bytes: Uint8Array, random: () => number): Uint8Array {
  const copy = bytes.slice();
  copy[Math.floor(random() * copy.length)]! ^= 1 << Math.floor(random() * 7);
  return copy;
}

/** Stays within what a header may hold. */
function flippedText(text: string, random: () => number): string {
  const at = Math.floor(random() * text.length);
  const code = 0x21 + Math.floor(random() * 0x5e);
  return text.slice(0, at) + String.fromCharCode(code) + text.slice(at + 1);
}
