/** Every regular expression of the packages' sources, found by parsing. */
import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

import type { Node } from 'oxc-parser';

import { lineAt, nodesOf } from './source.ts';
import { readText, sourceFiles, workspacePackages } from './workspace.ts';

export interface Regex {
  readonly file: string;
  readonly line: number;
  /** `/pattern/flags`: all that its speed depends on; undefined where the parts are known only when it runs. */
  readonly text: string | undefined;
  /** The call that makes it, as it is written; its template must show in each sample. */
  readonly call?: { readonly code: string; readonly quasis: readonly string[] };
}

/** The expressions of every package's `src`, in the order of the files. */
export function findRegexes(root: string): Regex[] {
  return workspacePackages(root)
    .filter(({ kind }) => kind !== 'other')
    .flatMap(({ dir }) => sourceFiles(`${dir}/src`, root))
    .flatMap((file) => regexesIn(file, readText(root, file)));
}

/** The formats of zod that providers' fields and the engine use. */
const formats = ['base64', 'date', 'datetime', 'e164', 'email', 'hostname', 'httpProtocol', 'uuid'] as const;

/** What others wrote and tenants' texts are held against: the formats of zod, and the addresses of ipaddr.js. */
export async function findForeignRegexes(root: string): Promise<Regex[]> {
  const core = join(root, 'packages/core/package.json');
  if (!existsSync(join(root, 'packages/core/node_modules'))) return [];
  const addresses = createRequire(core).resolve('ipaddr.js');
  // Its own copy on purpose: the one that core runs with.
  const zod = pathToFileURL(createRequire(core).resolve('zod/v4/core')).href;
  const { regexes } = (await import(zod)) as {
    regexes: Readonly<Record<string, RegExp | ((options?: object) => RegExp)>>;
  };
  const found = formats.map((format): Regex => {
    const regex = regexes[format];
    if (regex === undefined) throw new Error(`zod has no format ${format} any more`);
    const { source, flags } =
      typeof regex === 'function' ? regex(format === 'datetime' ? { offset: true } : undefined) : regex;
    return { file: `zod, ${format}`, line: 1, text: textOf(source, flags) };
  });
  const own = regexesIn('ipaddr.js', readFileSync(addresses, 'utf8'));
  return [...found, ...own];
}

/** Literals, `RegExp(...)` and `new RegExp(...)`. What is made of the file's own constants counts as a literal. */
export function regexesIn(file: string, text: string): Regex[] {
  const nodes = nodesOf(file, text);
  const constants = constantsOf(nodes);

  return nodes.flatMap((node): Regex[] => {
    const line = lineAt(text, node.start);
    if (node.type === 'Literal' && 'regex' in node)
      return [{ file, line, text: textOf(node.regex.pattern, node.regex.flags) }];
    if (!isCallOfRegExp(node)) return [];
    const [pattern, flags] = node.arguments as [Node?, Node?];
    const known = pattern && valueOf(pattern, constants);
    const set = flags === undefined ? '' : valueOf(flags, constants);
    const code = text.slice(node.start, node.end).replaceAll(/\s+/g, ' ');
    const quasis = pattern?.type === 'TemplateLiteral' ? pattern.quasis.map(({ value }) => value.cooked ?? '') : [];
    const whole = known === undefined || set === undefined ? undefined : textOf(known, set);
    return [{ file, line, text: whole, call: { code, quasis } }];
  });
}

function textOf(pattern: string, flags: string): string {
  return `/${pattern}/${flags}`;
}

/** The pattern and the flags of `/pattern/flags`. */
export function partsOf(text: string): [pattern: string, flags: string] {
  const end = text.lastIndexOf('/');
  return [text.slice(1, end), text.slice(end + 1)];
}

/** What `const` names, where nothing else of the file has the same name. */
function constantsOf(nodes: readonly Node[]): Map<string, Node> {
  const constants = new Map<string, Node>();
  const others = new Set<string>();
  for (const node of nodes) {
    if (node.type === 'VariableDeclaration') {
      for (const { id, init } of node.declarations) {
        if (id.type !== 'Identifier') continue;
        if (node.kind !== 'const' || init === null || constants.has(id.name)) others.add(id.name);
        else constants.set(id.name, init);
      }
    }
    const { params } = node as { params?: readonly Node[] };

    for (const param of params ?? []) for (const name of namesIn(param)) others.add(name);
  }
  for (const name of others) constants.delete(name);
  return constants;
}

function namesIn(pattern: Node): string[] {
  if (pattern.type === 'Identifier') return [pattern.name];
  if (pattern.type === 'AssignmentPattern') return namesIn(pattern.left);
  if (pattern.type === 'RestElement') return namesIn(pattern.argument);
  if (pattern.type === 'ArrayPattern') return pattern.elements.flatMap((item) => (item === null ? [] : namesIn(item)));
  if (pattern.type !== 'ObjectPattern') return [];
  return pattern.properties.flatMap((property) => namesIn(property.type === 'RestElement' ? property : property.value));
}

function isCallOfRegExp(node: Node): node is Extract<Node, { type: 'NewExpression' | 'CallExpression' }> {
  if (node.type !== 'NewExpression' && node.type !== 'CallExpression') return false;
  return node.callee.type === 'Identifier' && node.callee.name === 'RegExp';
}

/** The text of a constant expression; undefined where a part of it is no text of this file. */
function valueOf(node: Node, constants: ReadonlyMap<string, Node>, depth = 0): string | undefined {
  if (depth > 8) return undefined;
  if (node.type === 'Literal') return typeof node.value === 'string' ? node.value : undefined;
  if (node.type === 'Identifier') {
    const constant = constants.get(node.name);
    return constant && valueOf(constant, constants, depth + 1);
  }
  const raw = node.type === 'TaggedTemplateExpression';
  const template = raw ? node.quasi : node;
  if (template.type !== 'TemplateLiteral') return undefined;
  let value = '';
  for (const [index, quasi] of template.quasis.entries()) {
    value += raw ? quasi.value.raw : (quasi.value.cooked ?? '');
    const part = template.expressions[index];
    const text = part === undefined ? '' : valueOf(part, constants, depth + 1);
    if (text === undefined) return undefined;
    value += text;
  }
  return value;
}
