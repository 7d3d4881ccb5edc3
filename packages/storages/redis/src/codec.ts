/** How values are stored in the fields of a hash. A field that is null is not there. */
import { brokenValue } from './errors.ts';
import type { RedisArgument } from './drivers.ts';
import { readBytes, readDate, readInteger, readJson, readList, readText } from './read-value.ts';

export type Kind = 'text' | 'integer' | 'flag' | 'date' | 'json' | 'bytes';
export type Field = readonly [kind: Kind, presence: 'always' | 'nullable'];
export type FieldTable = Readonly<Record<string, Field>>;

/** What is set, each with its value, and what is cleared. */
export interface Change {
  readonly set: RedisArgument[];
  readonly cleared: string[];
}

/** The fields that are given. */
export function encodeFields(table: FieldTable, given: object): Change {
  const change: Change = { set: [], cleared: [] };
  for (const [name, [kind]] of Object.entries(table)) {
    const value = (given as Readonly<Record<string, unknown>>)[name];
    if (value !== undefined) writeField(change, name, value === null ? null : encode(kind, value));
  }
  return change;
}

export function writeField({ set, cleared }: Change, name: string, value: RedisArgument | null): void {
  if (value === null) cleared.push(name);
  else set.push(name, value);
}

/** As arguments of a script: how many fields are set, each with its value, then how many are cleared, each by its name. */
export function changeArguments({ set, cleared }: Change): RedisArgument[] {
  return [String(set.length / 2), ...set, String(cleared.length), ...cleared];
}

/** @param reply the values of the table's fields in its order, of which one that is not there is null. */
export function decodeFields(table: FieldTable, reply: unknown): Record<string, unknown> {
  const values = readList(reply);
  const row = Object.entries(table).map(([name, [kind, presence]], index) => {
    const value = values[index] ?? null;
    if (value === null && presence === 'always') throw brokenValue();
    return [name, value === null ? null : decode(kind, value)];
  });
  return Object.fromEntries(row) as Record<string, unknown>;
}

function encode(kind: Kind, value: unknown): RedisArgument {
  switch (kind) {
    case 'text':
    case 'integer':
      return String(value);
    case 'flag':
      return value === true ? '1' : '0';
    case 'date':
      return String((value as Date).getTime());
    case 'json':
      return JSON.stringify(value);
    case 'bytes':
      return Buffer.from(value as Uint8Array);
  }
}

function decode(kind: Kind, value: unknown): unknown {
  switch (kind) {
    case 'text':
      return readText(value);
    case 'integer':
      return readInteger(value);
    case 'flag':
      return readInteger(value) === 1;
    case 'date':
      return readDate(value);
    case 'json':
      return readJson(value);
    case 'bytes':
      return readBytes(value);
  }
}
