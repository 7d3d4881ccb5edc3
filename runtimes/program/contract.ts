/** The contract of every provider that is bundled with this file, with the options of the provider's own test. */
import { createMemoryStore, createPlugboard, silentLog, type AnyProvider } from '@plugboard/core';

import { report, type Check, type Report } from './report.ts';
import { collected } from './shims/vitest.ts';

/** Connects, signs, sends, reads, refreshes, ends, and what becomes of deliveries: a fixed set of some seconds. */
const set = [
  /: what is sent is what its example encodes$/,
  /: the example is understood$/,
  /: good credentials connect, and the account has an id and a name$/,
  /health: a good connection$/,
  /: the code is exchanged once, with the declared client authentication$/,
  /: refreshes by its rotation policy, again and again/,
  /: a token that ends is minted anew/,
  /: a grant that ends is refreshed, again and again/,
  /: disconnecting ends the grant at the vendor/,
  /stub: without any key every operation works/,
  /webhooks: .* is (believed|refused)$/,
  /webhooks: a delivery reaches the handler once, a forged one never$/,
];

export async function* runContract(modules: readonly object[], whole: boolean): AsyncGenerator<Report> {
  for (const module of modules) yield* sdkReports(module);
  for (const { path, run } of collected) {
    const group = path.findIndex((title) => title.endsWith(' keeps the provider contract'));
    const title = path.at(-1) ?? '';
    if (group === -1 || (!whole && !set.some((pattern) => pattern.test(title)))) continue;
    const check: Check = {
      name: path.join(' > '),
      run: async () => void (await run({ annotate: async () => undefined })),
    };
    yield report(check);
  }
}

type Factory = (() => AnyProvider) & Pick<AnyProvider, 'definition'>;
type WithSdk = { client(id: string): { sdk(): Promise<unknown> }; stop(): Promise<void> };

/** The SDK of the vendor loads and is made, on a stand-in. */
async function* sdkReports(module: object): AsyncGenerator<Report> {
  const factories = Object.values(module).filter((value) => 'definition' in Object(value)) as Factory[];
  for (const factory of factories.filter(({ definition }) => definition.sdk !== undefined)) {
    const { id } = factory.definition;
    const load = async () => {
      const board = createPlugboard({
        url: 'https://app.example.com/integrations',
        providers: [factory()],
        store: createMemoryStore(),
        keys: { k1: crypto.getRandomValues(new Uint8Array(32)) },
        mode: 'test',
        env: {},
        log: silentLog,
      }) as unknown as WithSdk;
      const sdk = await board.client(id).sdk();
      if (typeof sdk !== 'object' && typeof sdk !== 'function') throw new Error(`the SDK is ${typeof sdk}`);
      await board.stop();
    };
    yield report({ name: `${id} > loads the SDK of its vendor`, run: load });
  }
}
