/** Markdown tables, and JSON Schemas of fields written as such. */
type Cell = string | undefined;

type JsonSchema = {
  readonly properties?: Readonly<Record<string, JsonSchema & { readonly secret?: boolean }>>;
  readonly required?: readonly string[];
  readonly anyOf?: readonly JsonSchema[];
  readonly oneOf?: readonly JsonSchema[];
  readonly title?: string;
  readonly description?: string;
  readonly default?: unknown;
};

/** Columns that nobody fills are left out; the first one stays. */
export function table(head: readonly string[], rows: readonly (readonly Cell[])[]): string {
  const used = head.map((_, index) => index === 0 || rows.some((row) => (row[index] ?? '') !== ''));
  const line = (cells: readonly Cell[]) =>
    `| ${cells
      .filter((_, index) => used[index])
      .map((cell) => escape(cell ?? ''))
      .join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}

export interface FieldTableOptions {
  /** Environment names by field. */
  readonly env?: Readonly<Record<string, string>>;
  /** One more column: its title, and what stands in it for each field. */
  readonly extra?: readonly [string, (field: string) => Cell];
}

/** The fields of a schema; undefined when it has none. A choice of several sets is several tables. */
export function fieldTable(schema: unknown, { env = {}, extra }: FieldTableOptions = {}): string | undefined {
  const tables = schemaArms(jsonSchema(schema)).map(({ properties = {}, required = [] }) => {
    const rows = Object.entries(properties).map(([name, field]) => [
      code(name),
      required.includes(name) && field.default === undefined ? 'yes' : 'no',
      field.secret === true ? 'yes' : '',
      sentence(field.title ?? name, field.description),
      env[name] === undefined ? '' : code(env[name]),
      extra?.[1](name),
    ]);
    return table(['Field', 'Required', 'Secret', 'What it is', 'Environment', extra?.[0] ?? ''], rows);
  });
  return tables.length === 0 ? undefined : tables.join('\n\nor\n\n');
}

export function sentence(title: string, help: string | undefined): string {
  return help === undefined ? title : `${title}. ${help}`;
}

export function code(text: string): string {
  return `\`${text}\``;
}

export function codes(texts: readonly string[]): string {
  return texts.map(code).join(', ');
}

function jsonSchema(schema: unknown): JsonSchema {
  const standard = (schema as { '~standard': { jsonSchema?: { input(options: { target: string }): JsonSchema } } })[
    '~standard'
  ];
  return standard.jsonSchema?.input({ target: 'draft-2020-12' }) ?? {};
}

function schemaArms(schema: JsonSchema): JsonSchema[] {
  const arms = schema.oneOf ?? schema.anyOf;
  if (arms !== undefined) return arms.flatMap(schemaArms);
  return Object.keys(schema.properties ?? {}).length === 0 ? [] : [schema];
}

function escape(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll(/\s*\n\s*/g, ' ');
}
