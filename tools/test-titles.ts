/** The tests of the repository by the ids that their titles begin with: `test('E08 E09 ...')`. */
import type { Node } from 'oxc-parser';

import { nodesOf } from './source.ts';
import { readText, sourceFiles } from './workspace.ts';

export interface IdentifiedTest {
  readonly ids: readonly string[];
  /** The title without its ids. */
  readonly title: string;
  /** From the root, with slashes. */
  readonly file: string;
}

/** Where tests stand: beside the sources, and in the suites that @plugboard/testing offers. */
const folders = ['packages', 'examples', 'tools'];

export function identifiedTests(root: string): IdentifiedTest[] {
  const files = folders.flatMap((folder) => sourceFiles(folder, root));
  const tested = files.filter((file) => /\/test\//.test(file) || file.startsWith('packages/testing/src/'));
  return tested.flatMap((file) => testsOf(file, readText(root, file)));
}

/** What is skipped or still to do proves nothing. Cases of a contract suite are tests of everything that it is run against. */
export function testsOf(file: string, text: string): IdentifiedTest[] {
  return nodesOf(file, text).flatMap((node) => {
    if (node.type !== 'CallExpression') return [];
    const names = calleeNames(node.callee);
    const isTest = /^(test|it|describe|\w+Case)$/.test(names[0] ?? '');
    if (!isTest || names.includes('skip') || names.includes('todo')) return [];
    const { ids, title } = split(textOf(node.arguments[0] as Node | undefined));
    return ids.length === 0 ? [] : [{ ids, title, file }];
  });
}

/** `test`, `each` of `test.each(cases)(title)`. */
function calleeNames(callee: Node): readonly string[] {
  if (callee.type === 'Identifier') return [callee.name];
  if (callee.type === 'CallExpression') return calleeNames(callee.callee);
  if (callee.type === 'TaggedTemplateExpression') return calleeNames(callee.tag);
  if (callee.type !== 'MemberExpression') return [];
  return [...calleeNames(callee.object), (callee.property as { name?: string }).name ?? ''];
}

function textOf(node: Node | undefined): string {
  if (node?.type === 'Literal') return String(node.value);
  if (node?.type !== 'TemplateLiteral') return '';
  return node.quasis.map(({ value }) => value.cooked ?? '').join('…');
}

const firstId = /^([A-Z]\d{1,2})(?:, | and |: | )/;

function split(text: string): { readonly ids: readonly string[]; readonly title: string } {
  const ids: string[] = [];
  let title = text;
  for (let found = firstId.exec(title); found !== null; found = firstId.exec(title)) {
    ids.push(found[1]!);
    title = title.slice(found[0].length);
  }
  return { ids, title };
}
