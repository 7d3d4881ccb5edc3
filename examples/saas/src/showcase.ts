/** What an application does with a vendor, derived from what the vendor declares: nothing here names one. */
import type { AdSpendCapability, AnyDeclaration, EmailCapability, SmsCapability } from '@plugboard/core';

import { definitions, type Board, type ProviderId } from './board.ts';

/** What the main job runs, and the page's «Try it» button. */
export interface Showcase {
  /** Without the vendor's name: `Send an email by`. */
  readonly title: string;
  /** Does it, and says in a few words what came of it. */
  run(board: Board, organizationId: string): Promise<string>;
}

type Client = Readonly<Record<string, unknown>>;
type Calls = Readonly<Record<string, (input: unknown) => PromiseLike<unknown> | AsyncIterable<unknown>>>;

/** Capabilities that need nothing but a connection. The same lines serve every vendor that has them. */
const byCapability = {
  email: {
    title: 'Send an email by',
    async run(email: EmailCapability) {
      const { id } = await email.send({
        from: 'Northwind <hello@northwind.example>',
        to: 'ada@example.com',
        subject: 'Your weekly report',
        text: 'Revenue is up.',
      });
      return `email ${id}`;
    },
  },
  sms: {
    title: 'Send an SMS by',
    async run(sms: SmsCapability) {
      const { id } = await sms.send({ from: '+15005550006', to: '+15558675310', text: 'Your order has shipped.' });
      return `message ${id}`;
    },
  },
  adSpend: {
    title: 'Read ad spend of',
    async run(adSpend: AdSpendCapability) {
      let spend = 0;
      let rows = 0;
      let unit = '';
      for await (const row of adSpend({ since: '2026-11-09', until: '2026-11-15' })) {
        spend += row.spend;
        rows += 1;
        unit = row.currency;
      }
      if (rows === 0) throw new Error('the vendor reported no day');
      return `${spend.toFixed(2)} ${unit} in ${rows} ${rows === 1 ? 'row' : 'rows'}`;
    },
  },
} as const;

/** One for each of the capabilities above that the vendor has. */
export function capabilityShowcases(provider: ProviderId): readonly Showcase[] {
  const names = Object.keys(definitions.get(provider)?.capabilities ?? {});
  return Object.entries(byCapability)
    .filter(([name]) => names.includes(name))
    .map(([name, { title, run }]) => ({
      title,
      run: (board, organizationId) => run(clientOf(board, provider, organizationId)[name] as never),
    }));
}

/** The first thing that the vendor can be asked with the scopes it grants by default, preferably a read. */
export function operationShowcase(provider: ProviderId): Showcase | undefined {
  const { operations = {}, auth = {} } = definitions.get(provider) ?? {};
  const [method] = Object.values(auth);
  const granted = method?.kind === 'oauth2' ? method.scopes.ask : undefined;
  const callable = Object.entries(operations).flatMap(([group, members]) =>
    Object.entries(members)
      .map(([name, declaration]) => ({ group, name, ...(declaration as Callable) }))
      .filter(
        ({ scopes = [] }) =>
          granted === undefined || scopes.every((need) => [need].flat().some((scope) => granted.includes(scope))),
      ),
  );
  const chosen = callable.find(({ method: verb }) => verb === 'GET') ?? callable[0];
  if (chosen === undefined) return undefined;
  const { group, name, example } = chosen;
  return {
    title: `Call ${group}.${name} of`,
    async run(board, organizationId) {
      const call = (clientOf(board, provider, organizationId)[group] as Calls)[name]!(example.input);
      if ('then' in call) await call;
      else for await (const _item of call) break;
      return `${group}.${name}`;
    },
  };
}

export function showcaseOf(provider: string): Showcase | undefined {
  if (!definitions.has(provider)) return undefined;
  const id = provider as ProviderId;
  return capabilityShowcases(id)[0] ?? operationShowcase(id);
}

interface Callable extends AnyDeclaration {
  readonly method?: string;
  readonly scopes?: readonly (string | readonly string[])[];
  readonly example: { readonly input?: unknown };
}

function clientOf(board: Board, provider: ProviderId, organizationId: string): Client {
  return board.client(provider, { organizationId }) as unknown as Client;
}
