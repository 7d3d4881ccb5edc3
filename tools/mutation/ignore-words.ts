/** Stryker leaves prose alone: the words of messages and hints are read by people, and tests do not repeat them. */

interface Node {
  readonly type: string;
  readonly value?: unknown;
  readonly quasis?: readonly { readonly value: { readonly raw: string } }[];
}

/** Two words beside each other; labels, headers, formats and separators are none. */
const prose = /[A-Za-z`’]{2,},? [a-zA-Z`]{2,}/;

export const strykerPlugins = [
  {
    kind: 'Ignore',
    name: 'words',
    value: {
      shouldIgnore({ node }: { readonly node: unknown }): string | undefined {
        const text = textOf(node as Node);
        return text !== undefined && prose.test(text) ? 'words for people' : undefined;
      },
    },
  },
];

function textOf({ type, value, quasis }: Node): string | undefined {
  if (type === 'StringLiteral') return String(value);
  return type === 'TemplateLiteral' ? quasis?.map((part) => part.value.raw).join(' x ') : undefined;
}
