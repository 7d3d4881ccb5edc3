/** A vendor that answers by a form which its own page posts, and a browser that treats cookies as browsers do. */
import { createMemoryStore, createPlugboard, defineProvider, handlerWire, oauth2, silentLog } from '@plugboard/core';
import { createHandler } from '@plugboard/http';
import { CookieJar } from 'tough-cookie';

import { agreeing } from './agreement.ts';
import { url as boardUrl } from './rig.ts';
import { signedIn } from './signed-in.ts';

const origin = 'https://id.vendor.example.com';

export function createVendor(id: string, formPost: boolean) {
  const seen: string[][] = [];
  const provider = defineProvider({
    id,
    name: 'Vendor',
    category: 'identity',
    summary: 'A vendor for tests.',
    docs: { home: origin, keys: origin, reference: origin, checked: '2026-11-28' },
    hosts: ['id.vendor.example.com'],
    app: {
      clientId: { title: 'Id', env: 'VENDOR_ID' },
      clientSecret: { title: 'Secret', env: 'VENDOR_SECRET', secret: true },
    },
    auth: {
      oauth: oauth2({
        authorize: { url: `${origin}/authorize`, ...(formPost && { formPost }) },
        token: { url: `${origin}/token` },
        scopes: { ask: [], known: {} },
        pkce: 'required',
        verifyCallback: (params) => void seen.push([...params.keys()]),
        refresh: 'none',
        example: { access_token: 'at', token_type: 'Bearer' },
      }),
    },
    api: {
      baseUrl: origin,
      errors: { examples: { invalidCredentials: { status: 401, is: { kind: 'auth', code: 'unauthorized' } } } },
    },
    account: async () => ({ kind: 'derived', name: 'Vendor' }),
    healthCheck: async () => ({ status: 'unknown' }),
    operations: {},
  });
  return { provider, seen };
}

export function createPostingRig({ formPost = true, url = boardUrl }: { formPost?: boolean; url?: string } = {}) {
  const { provider, seen } = createVendor('vendor', formPost);
  let tokenCalls = 0;
  const board = createPlugboard({
    url,
    providers: [provider({ clientId: 'id', clientSecret: 'secret' }), createVendor('other', false).provider()],
    store: createMemoryStore(),
    keys: { k1: crypto.getRandomValues(new Uint8Array(32)) },
    mode: 'test',
    env: {},
    log: silentLog,
    sandbox: { origin: 'https://sandbox.example.com' },
    wire: handlerWire(async () => {
      tokenCalls++;
      return Response.json({ access_token: `at-${tokenCalls}`, token_type: 'Bearer' });
    }),
  });
  const handler = agreeing(createHandler(board, { authorize: signedIn, log: silentLog }), url);
  return { board, handler, seen, tokenCalls: () => tokenCalls };
}

type SameSite = 'strict' | 'lax' | 'none';

/** Keeps cookies and gives them along by the rules of SameSite (RFC 6265bis section 5.5). Speaks to a server of loopback. */
export function createBrowser(port: number, session: string) {
  const jar = new CookieJar();
  jar.setCookieSync(`session=org-1/ada; Path=/; HttpOnly; Secure; SameSite=${session}`, boardUrl);
  return {
    jar,
    /** @param from `none`: a page of another site posts; `lax`: a link of one; `strict`: a page of this site. */
    async send(path: string, from: SameSite, form?: URLSearchParams): Promise<Response> {
      const cookie = jar.getCookieStringSync(boardUrl + path, { sameSiteContext: from });
      const headers = { cookie, 'sec-fetch-site': from === 'strict' ? 'same-origin' : 'cross-site' };
      const response = await fetch(`http://127.0.0.1:${port}/integrations${path}`, {
        headers,
        redirect: 'manual',
        ...(form !== undefined && { method: 'POST', body: form }),
      });
      for (const line of response.headers.getSetCookie()) jar.setCookieSync(line, boardUrl + path);
      return response;
    },
  };
}
