/** The user's half of a sign-in at oidc-provider: its login and consent pages. */
export type Jar = Map<string, string>;

/** Sends a request to the issuer. */
type Ask = (request: Request) => Promise<Response>;

/** A browser without a screen: follows redirects with cookies and submits forms until it leaves the issuer. */
export async function browse(start: string, jar: Jar, ask: Ask): Promise<URL> {
  const { origin: issuer } = new URL(start);
  let url = start;
  let form: URLSearchParams | undefined;
  for (let step = 0; step < 20; step++) {
    const cookie = [...jar].map(([name, value]) => `${name}=${value}`).join('; ');
    const headers = { cookie, ...(form && { 'content-type': 'application/x-www-form-urlencoded' }) };
    const response = await ask(new Request(url, { headers, ...(form && { method: 'POST', body: form.toString() }) }));
    for (const line of response.headers.getSetCookie()) {
      const [name = '', value = ''] = line.split(';')[0]?.split(/=(.*)/s) ?? [];
      jar.set(name, value);
    }
    const location = response.headers.get('location');
    const page = await response.text();
    form = undefined;
    if (location !== null) {
      url = new URL(location, url).href;
      if (!url.startsWith(issuer)) return new URL(url);
      continue;
    }
    const action = /<form[^>]*action="([^"]+)"/.exec(page)?.[1];
    if (action === undefined) throw new Error(`no form on the page: ${response.status} ${page.slice(0, 300)}`);
    url = new URL(action, url).href;
    const hidden = [...page.matchAll(/<input[^>]*type="hidden"[^>]*>/g)].map(([input]): [string, string] => [
      /name="([^"]*)"/.exec(input)?.[1] ?? '',
      /value="([^"]*)"/.exec(input)?.[1] ?? '',
    ]);
    form = new URLSearchParams(hidden);
    if (form.get('prompt') === 'login') form.append('login', 'alice');
    if (form.get('prompt') === 'login') form.append('password', 'x');
    if (page.includes('op.logoutForm')) form.set('logout', 'yes');
  }
  throw new Error('the flow did not end');
}
