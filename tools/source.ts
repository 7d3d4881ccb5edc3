/** Reads TypeScript sources with a real parser: their imports, their text without comments, the globals they use. */
import { parseSync, type Node } from 'oxc-parser';

export interface Import {
  readonly specifier: string;
  readonly line: number;
  /** `import()`. */
  readonly lazy: boolean;
}

export interface GlobalUse {
  /** `fetch`, `Date.now`, `new Date()`; a bare name when the object itself is passed around. */
  readonly name: string;
  readonly line: number;
}

interface Parsed {
  readonly text: string;
  readonly program: Node;
  readonly comments: readonly { start: number; end: number }[];
}

function parse(file: string, text: string): Parsed {
  const { program, comments, errors } = parseSync(file, text);
  if (errors.length > 0) throw new Error(`${file} does not parse: ${errors[0]?.message ?? ''}`);
  return { text, program, comments };
}

/** Static, dynamic, re-exporting and type-only imports. A dynamic import of a computed name is `(computed)`. */
export function importsOf(file: string, text: string): Import[] {
  const { program } = parse(file, text);
  const found: Import[] = [];
  walk(program, (node) => {
    const source = (node as { source?: Node | null }).source;
    const imports = /^(Import(Declaration|Expression)|Export(Named|All)Declaration|TSImportType)$/.test(node.type);
    if (!imports || source === null || source === undefined) return;
    const { value } = source as { value?: unknown };
    found.push({
      specifier: typeof value === 'string' ? value : '(computed)',
      line: lineAt(text, node.start),
      lazy: node.type === 'ImportExpression',
    });
  });
  return found;
}

/** Every node of a file, each before what it holds. */
export function nodesOf(file: string, text: string): Node[] {
  const nodes: Node[] = [];
  walk(parse(file, text).program, (node) => nodes.push(node));
  return nodes;
}

/** The same text with every comment blanked out, so that positions stay. */
export function withoutComments(file: string, text: string): string {
  const { comments } = parse(file, text);
  return comments.reduce((left, { start, end }) => {
    return left.slice(0, start) + left.slice(start, end).replaceAll(/[^\n]/g, ' ') + left.slice(end);
  }, text);
}

/** Uses of the named globals (`fetch`, `Date` ...) that no declaration of the file shadows. */
export function globalUses(file: string, text: string, names: ReadonlySet<string>): GlobalUse[] {
  const { program } = parse(file, text);
  const uses: GlobalUse[] = [];
  visitScope(program, [], names, (name, node) => uses.push({ name, line: lineAt(text, node.start) }));
  return uses;
}

export function lineAt(text: string, offset: number): number {
  return text.slice(0, offset).split('\n').length;
}

type Scopes = readonly ReadonlySet<string>[];

function visitScope(
  node: Node,
  outer: Scopes,
  names: ReadonlySet<string>,
  found: (name: string, node: Node) => void,
): void {
  const scopes: Scopes = opensScope(node) ? [...outer, declaredIn(node)] : outer;
  const shadowed = (name: string) => scopes.some((scope) => scope.has(name));
  const global = readGlobal(node, names, shadowed);
  if (global !== undefined) found(global.name, node);
  for (const child of children(node)) {
    if (global !== undefined && global.covers === child) continue;
    if (isName(node, child)) continue;
    visitScope(child, scopes, names, found);
  }
}

/** Recognises `Date.now`, `globalThis.fetch`, `new Date()` and the bare name, in this order. */
function readGlobal(
  node: Node,
  names: ReadonlySet<string>,
  shadowed: (name: string) => boolean,
): { name: string; covers: Node } | undefined {
  const isGlobal = (candidate: Node | undefined): candidate is Node & { name: string } =>
    candidate?.type === 'Identifier' && !shadowed(candidate.name);

  if (node.type === 'MemberExpression') {
    const { object, property, computed } = node;
    const member = computed ? '[computed]' : (property as { name: string }).name;
    if (isGlobal(object) && object.name === 'globalThis') {
      return names.has(member) || computed
        ? { name: computed ? 'globalThis[computed]' : member, covers: object }
        : undefined;
    }
    if (isGlobal(object) && names.has(object.name)) return { name: `${object.name}.${member}`, covers: object };
    return undefined;
  }
  if (node.type === 'NewExpression' && isGlobal(node.callee) && names.has(node.callee.name)) {
    return { name: `new ${node.callee.name}(${node.arguments.length > 0 ? '...' : ''})`, covers: node.callee };
  }
  if (node.type === 'BinaryExpression' && node.operator === 'instanceof' && isGlobal(node.right)) {
    return names.has(node.right.name) ? { name: `instanceof ${node.right.name}`, covers: node.right } : undefined;
  }
  if (isGlobal(node) && names.has(node.name)) return { name: node.name, covers: node };
  return undefined;
}

/** Identifiers that only name a member: `{ fetch: 1 }`, `x.fetch`, `class { fetch() {} }`. Types never run. */
function isName(node: Node, child: Node): boolean {
  if (child.type.startsWith('TS') && !runs.has(child.type)) return true;
  const keyed = node as unknown as { key?: Node; property?: Node; computed?: boolean; shorthand?: boolean };
  if (keyed.computed === true) return false;
  return keyed.property === child || (keyed.key === child && keyed.shorthand !== true);
}

/** TypeScript nodes that hold expressions. */
const runs = new Set([
  'TSAsExpression',
  'TSNonNullExpression',
  'TSSatisfiesExpression',
  'TSParameterProperty',
  'TSInstantiationExpression',
]);

function opensScope(node: Node): boolean {
  return /^(Program|BlockStatement|StaticBlock|ClassBody|CatchClause|SwitchStatement)$|Function|^For/.test(node.type);
}

/** Names declared directly in a scope, not in the scopes below it. */
function declaredIn(scope: Node): Set<string> {
  const declared = new Set<string>();
  const visit = (node: Node): void => {
    if (node !== scope && /Function(Declaration)?$|^Class/.test(node.type)) {
      const id = (node as { id?: Node | null }).id;
      if (id?.type === 'Identifier') declared.add(id.name);
    }
    if (node.type === 'VariableDeclarator') bind(node.id, declared);
    if (/^Import(Default|Namespace)?Specifier$/.test(node.type))
      bind((node as unknown as { local: Node }).local, declared);
    if (node !== scope && opensScope(node)) return;
    for (const child of children(node)) visit(child);
  };
  const holder = scope as unknown as { params?: Node[]; param?: Node | null };
  for (const param of holder.params ?? []) bind(param, declared);
  if (holder.param) bind(holder.param, declared);
  visit(scope);
  return declared;
}

function bind(pattern: Node | null, declared: Set<string>): void {
  if (pattern === null) return;
  if (pattern.type === 'Identifier') declared.add(pattern.name);
  else if (pattern.type === 'AssignmentPattern') bind(pattern.left, declared);
  else if (pattern.type === 'RestElement') bind(pattern.argument, declared);
  else if (pattern.type === 'ArrayPattern') for (const item of pattern.elements) bind(item, declared);
  else if (pattern.type === 'TSParameterProperty') bind(pattern.parameter, declared);
  else if (pattern.type === 'ObjectPattern') {
    for (const property of pattern.properties)
      bind(property.type === 'RestElement' ? property : property.value, declared);
  }
}

function walk(node: Node, enter: (node: Node) => void): void {
  enter(node);
  for (const child of children(node)) walk(child, enter);
}

function children(node: Node): Node[] {
  return Object.values(node)
    .flatMap((value: unknown): unknown[] => (Array.isArray(value) ? value : [value]))
    .filter(isNode);
}

function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && typeof (value as { type?: unknown }).type === 'string';
}
