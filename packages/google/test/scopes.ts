import { existsSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import type { AnyDefinition, ScopeNeed } from '@plugboard/core';
import { expect, test } from 'vitest';

import { identityScopes, permits } from '../src/oauth.ts';

interface Described {
  readonly httpMethod: string;
  readonly path: string;
  readonly scopes?: readonly string[];
}
interface Resource {
  readonly methods?: Readonly<Record<string, Described>>;
  readonly resources?: Readonly<Record<string, Resource>>;
}
interface Endpoint {
  readonly kind: string;
  readonly method: string;
  readonly path: string;
  readonly scopes?: readonly ScopeNeed[];
}

const methodsOf = ({ methods = {}, resources = {} }: Resource): readonly Described[] => [
  ...Object.values(methods),
  ...Object.values(resources).flatMap(methodsOf),
];
/** Below the version, with the user as we write it. */
const shapeOf = (path: string) =>
  path
    .replace(/^\/?(?:\w+\/v\d\/)?/, '')
    .replace('users/{userId}', 'users/me')
    .replaceAll(/\{\w+\}/g, '{}');

/** Registers one test: each scope that the vendor accepts for a method is enough here, and no other one is. */
export function scopesAgree(definition: AnyDefinition) {
  const file = resolve(process.env['PLUGBOARD_SPECS_DIR'] ?? '../shared/specs', `${definition.id}.json`);
  test('an operation needs the scopes that its vendor describes', ({ skip }) => {
    skip(!existsSync(file), 'the discovery document is not on this machine');
    const described = methodsOf(JSON.parse(readFileSync(file, 'utf8')) as Resource);
    const oauth = definition.auth['oauth'] as { readonly scopes: { readonly known: Readonly<Record<string, string>> } };
    const known = Object.keys(oauth.scopes.known).filter((scope) => !Object.hasOwn(identityScopes, scope));
    const problems: string[] = [];
    let compared = 0;
    for (const [group, members] of Object.entries(definition.operations)) {
      for (const [name, declared] of Object.entries(members)) {
        const { kind, method, path, scopes } = declared as unknown as Endpoint;
        const found = described.find((one) => one.httpMethod === method && shapeOf(one.path) === shapeOf(path));
        if (kind !== 'endpoint' || found?.scopes === undefined) continue;
        compared++;
        for (const scope of known) {
          const [theirs, ours] = [found.scopes.includes(scope), permits({ scopes: [scope] }, { scopes })];
          if (theirs !== ours)
            problems.push(`${group}.${name}: ${scope} ${theirs ? 'is enough for the vendor' : 'is not enough'}`);
        }
      }
    }
    expect(problems).toEqual([]);
    expect(compared).toBeGreaterThan(3);
  });
}
