/** Shapes of messages, servers and applications, and how inputs are written. Ids are texts: no number can hold them. */
import { snakeCase, type Encoded } from '@plugboard/core';
import { like, z } from '@plugboard/core/fields';

export const id = (example: string) =>
  z
    .string()
    .regex(/^\d{15,20}$/, { error: 'must be an id of Discord' })
    .meta({ examples: [example] });
export const ids = {
  channelId: id('155101607195836416'),
  guildId: id('197038439483310086'),
  messageId: id('334385199974967042'),
  applicationId: id('172150183260323840'),
};

const named = (input: object, path: readonly string[]) =>
  Object.fromEntries(
    Object.entries(input).flatMap(([name, value]) =>
      path.includes(name) ? [] : [[snakeCase(name), value as unknown]],
    ),
  );
/** Everything but what stands in the path, with the vendor's names. */
export const asJson = (...path: string[]) => ({ encode: (input: object): Encoded => ({ json: named(input, path) }) });
export const asQuery = (...path: string[]) => ({
  encode: (input: object) => ({ query: named(input, path) as NonNullable<Encoded['query']> }),
});

export const more = z.looseObject({});
const file = z.strictObject({
  name: z.string().min(1),
  content: z.instanceof(Uint8Array),
  contentType: z.string().optional(),
});
export const content = {
  content: z
    .string()
    .min(1)
    .max(2000)
    .meta({ examples: ['Hello, world.'] }),
  embeds: z.array(more).max(10),
  /** `{ parse: [] }` for text that others wrote: nobody is called by it. */
  allowedMentions: z.looseObject({ parse: z.array(z.enum(['users', 'roles', 'everyone'])).optional() }),
  components: z.array(more).max(40),
  flags: z.int().min(0),
  files: z.array(file).min(1).max(10),
};
export const posting = { ...content, poll: more };
export const says = [
  (input: object) => ['content', 'embeds', 'components', 'poll', 'files'].some((name) => name in input),
  { error: 'give content, embeds, components, a poll or files' },
] as const;

interface Posting {
  readonly files?: readonly z.infer<typeof file>[] | undefined;
}

/** JSON; where there are files, a form that has it as one part. */
export function asMessage({ files, ...rest }: Posting, path: readonly string[], further: object = {}): Encoded {
  const json = { ...named(rest, path), ...further };
  if (files === undefined) return { json };
  const payload = { name: 'payload_json', value: JSON.stringify(json), contentType: 'application/json' };
  const parts = files.map(({ name: filename, content: value, contentType }, index) => {
    const part = { name: `files[${index}]`, filename, value };
    return contentType === undefined ? part : { ...part, contentType };
  });
  return { multipart: [payload, ...parts] };
}

/** Answers show what is worth reading; the rest comes along all the same. */
export const user = like({ id: '53908099506183680', username: 'Mason' }, { global_name: 'Mason', email: z.string() });
export const message = like({
  id: '334385199974967042',
  channel_id: '155101607195836416',
  content: 'Hello, world.',
  author: user,
  timestamp: '2026-08-11T17:27:07.299000+00:00',
});
export const webhook = like(
  { id: '223704706495545344' },
  { type: 1, name: 'Orders', channel_id: '155101607195836416', guild_id: '197038439483310086' },
);
export const channel = like(
  { id: '155101607195836416', type: 0 },
  { guild_id: '197038439483310086', name: 'general', parent_id: '399942396007890945' },
);
export const guild = like(
  { id: '197038439483310086', name: 'Discord Testers' },
  { owner: true, permissions: '36953089' },
);
export const command = like({ id: '1', type: 1, name: 'order', description: 'Shows an order.' });
export const application = like(
  { id: '172150183260323840', name: 'Baking Bot' },
  {
    verify_key: 'd75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a',
    interactions_endpoint_url: 'https://app.example.com/webhooks/discord',
    approximate_guild_count: 2,
  },
);
