/** Finds the descriptions of a provider on disk. They are the vendors' and stay out of the repository. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

import { parse } from 'yaml';

import { describe, type Description } from './description.ts';
import { readDiscovery } from './discovery.ts';
import { isFieldList, readFieldList } from './field-list.ts';
import { isIntrospection, readGraphql } from './graphql.ts';
import type { Node } from './json-schema.ts';
import { readOpenApi, readSwagger } from './openapi.ts';
import { isSmithy, readSmithy } from './smithy.ts';

/**
 * The folder of descriptions: PLUGBOARD_SPECS_DIR, or `../shared/specs` beside the
 * repository, where tests run. Undefined when absent.
 * @throws Error when the variable names a folder that is not there.
 */
export function findSpecsDir(given: string | undefined): string | undefined {
  const named = given ?? process.env['PLUGBOARD_SPECS_DIR'];
  if (named !== undefined && named !== '') {
    if (existsSync(named)) return named;
    throw new Error('PLUGBOARD_SPECS_DIR (or `specsDir`) names a folder that does not exist.');
  }
  const beside = resolve('../shared/specs');
  return existsSync(beside) ? beside : undefined;
}

/** Every `<id>.json`, `<id>.yaml` and `<id>.<part>.json` of the folder. */
export function loadDescriptions(dir: string, id: string, nodePath: string | undefined): readonly Description[] {
  const name = new RegExp(String.raw`^${id}(\.[\w-]+)?\.(json|yaml)$`);
  const files = readdirSync(dir).filter((file) => name.test(file));
  return files.toSorted().map((file) => {
    const content = readFileSync(join(dir, file), 'utf8');
    return readDescription(
      file,
      (file.endsWith('.json') ? JSON.parse(content) : parse(content, { maxAliasCount: -1 })) as Node,
      nodePath,
    );
  });
}

/** @throws Error when the format is none that is known. */
function readDescription(source: string, document: Node, nodePath?: string): Description {
  if (String(document['openapi']).startsWith('3.')) return readOpenApi(source, document);
  if (document['swagger'] === '2.0') return readSwagger(source, document);
  if (document['kind'] === 'discovery#restDescription') return readDiscovery(source, document);
  if (isIntrospection(document)) return { ...describe(source, document, []), exchange: readGraphql(document) };
  if (isSmithy(document)) return readSmithy(source, document);
  if (isFieldList(document)) {
    if (nodePath !== undefined) return readFieldList(source, document, nodePath);
    throw new Error(
      `${source} lists the fields of one node: say where it is, \`nodePath: '/{version}/act_{account}'\`.`,
    );
  }
  throw new Error(
    `${source} is of no format that is known: OpenAPI 3, Swagger 2, Google discovery, GraphQL, Smithy, field list.`,
  );
}
