/** Names of schema, tables and columns: validated once, quoted always. */
import { configurationError } from '@plugboard/core/store-kit';

import { fingerprint } from './fingerprint.ts';

export interface SchemaOptions {
  /** Default `public`. `migrate` creates it when it is missing. */
  readonly schema?: string;
  /** Start of the names of all tables. Default `integration_`. */
  readonly prefix?: string;
  /** Names of single tables, without the prefix. */
  readonly tables?: Partial<Readonly<Record<TableName, string>>>;
  readonly organization?: OrganizationColumn;
}

export interface OrganizationColumn {
  /** Type of `organization_id`; the same as that of your organizations' key. Default `text`. */
  readonly type?: OrganizationType;
  /** Makes `organization_id` of the connections a foreign key. Read only by `migrate` and `migrationSql`. */
  readonly references?: OrganizationReference;
}

export type OrganizationType = 'text' | 'uuid' | 'bigint';

/** Your own table, whose name may have capital letters. */
export interface OrganizationReference {
  /** Default: the schema of the store. */
  readonly schema?: string;
  readonly table: string;
  readonly column: string;
  /**
   * Default `restrict`: an organization with connections cannot be deleted, so that the host disconnects them first and
   * the vendors hear of it. `cascade` deletes the rows and leaves the tokens valid at the vendors.
   */
  readonly onDelete?: 'restrict' | 'cascade';
}

export type TableName = (typeof tableNames)[number];

export interface Names {
  /** Quoted. */
  readonly schema: string;
  /** Quoted, with their schema. */
  readonly tables: Readonly<Record<TableName, string>>;
  readonly organizationType: OrganizationType;
  /** `references "schema"."table" ("column") on delete restrict`, or nothing. */
  readonly organizationReference: string;
  /** Quoted name of an index of a table; unlike that of any other table, also when it must be shortened. */
  index(table: TableName, purpose: string): string;
}

const tableNames = ['connections', 'streams', 'inbox', 'once', 'audit', 'markers', 'migrations'] as const;
const organizationTypes: readonly string[] = ['text', 'uuid', 'bigint'];
const ownName = /^[a-z_][a-z0-9_]{0,62}$/;
const hostName = /^[A-Za-z_][A-Za-z0-9_]{0,62}$/;
const longestName = 63;

/** Store and migration take the same object, so that each leaves aside what is the other's. */
const optionNames: readonly string[] = ['schema', 'prefix', 'tables', 'organization', 'lock', 'clock', 'prepare'];

/**
 * @throws PlugboardError kind `configuration`: `invalid_name`, `duplicate_name`, `invalid_organization_type`,
 * `unknown_option`.
 */
export function resolveNames(options: SchemaOptions = {}): Names {
  refuseUnknown('', options, optionNames);
  refuseUnknown('tables.', options.tables ?? {}, tableNames);
  const { prefix = 'integration_', tables = {}, organization = {} } = options;
  const schema = checkName('schema', options.schema ?? 'public');
  const plain = new Map<TableName, string>(
    tableNames.map((table) => [table, checkName(`tables.${table}`, tables[table] ?? `${prefix}${table}`)]),
  );
  if (new Set(plain.values()).size < plain.size) {
    throw configurationError(
      'duplicate_name',
      'Two tables of the store have the same name.',
      'Give each table a name of its own.',
    );
  }
  const { type = 'text', references } = organization;
  if (!organizationTypes.includes(type)) {
    const choices = `Use one of: ${organizationTypes.join(', ')}.`;
    throw configurationError(
      'invalid_organization_type',
      '`organization.type` is not a supported column type.',
      choices,
    );
  }
  const qualified = [...plain].map(([table, name]) => [table, `${quote(schema)}.${quote(name)}`]);
  return {
    schema: quote(schema),
    tables: Object.fromEntries(qualified) as Record<TableName, string>,
    organizationType: type,
    organizationReference: references === undefined ? '' : referenceSql(schema, references),
    index: (table, purpose) => quote(shorten(`${plain.get(table)}_${purpose}`, purpose)),
  };
}

/** A mistyped name would quietly mean the default: other tables than the host looks at. */
function refuseUnknown(at: string, given: object, known: readonly string[]): void {
  const unknown = Object.keys(Object(given) as object).find((name) => !known.includes(name));
  if (unknown === undefined) return;
  throw configurationError(
    'unknown_option',
    `The PostgreSQL store has no option \`${at}${unknown.slice(0, 60)}\`.`,
    `Use one of: ${known.join(', ')}.`,
  );
}

function referenceSql(
  ownSchema: string,
  { schema = ownSchema, table, column, onDelete = 'restrict' }: OrganizationReference,
): string {
  const names = [
    checkName('organization.references.schema', schema, hostName),
    checkName('organization.references.table', table, hostName),
    checkName('organization.references.column', column, hostName),
  ].map(quote);
  return `references ${names[0]}.${names[1]} (${names[2]}) on delete ${onDelete === 'cascade' ? 'cascade' : 'restrict'}`;
}

/** The pattern leaves nothing to escape; the quotes make reserved words usable. */
function checkName(option: string, name: string, pattern = ownName): string {
  if (typeof name === 'string' && pattern.test(name)) return name;
  throw configurationError(
    'invalid_name',
    `\`${option}\` is not a name for the database.`,
    `Use 1 to ${longestName} characters that match ${pattern.source}.`,
  );
}

function quote(name: string): string {
  return `"${name}"`;
}

/** The database would cut a long name itself, and two indexes might end up with one name. */
function shorten(name: string, purpose: string): string {
  if (name.length <= longestName) return name;
  const tail = `_${fingerprint(name)}_${purpose}`;
  return name.slice(0, longestName - tail.length) + tail;
}
