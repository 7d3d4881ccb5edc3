/** A browser without a window: keeps cookies, fills in forms, and follows a redirect only when told to. */
type Fields = Readonly<Record<string, string>>;

export interface Browser {
  visit(url: string): Promise<Response>;
  /** Sends the form of a page with what its user picks and fills in. */
  submit(url: string, page: string, fields: Fields, headers?: Fields): Promise<Response>;
}

export function createBrowser(): Browser {
  // By host: cookies know no ports.
  const jars = new Map<string, Map<string, string>>();

  async function send(
    url: string,
    init: { method?: string; body?: URLSearchParams; headers?: Fields },
  ): Promise<Response> {
    const { hostname } = new URL(url);
    const jar = jars.get(hostname) ?? new Map<string, string>();
    jars.set(hostname, jar);
    const cookie = [...jar].map(([name, value]) => `${name}=${value}`).join('; ');
    const headers = { ...init.headers, ...(cookie !== '' && { cookie }) };
    const response = await fetch(url, { ...init, redirect: 'manual', headers });
    for (const line of response.headers.getSetCookie()) {
      const [, name = '', value = ''] = /^([^=;]+)=([^;]*)/.exec(line) ?? [];
      jar.set(name, value);
    }
    return response;
  }

  return {
    visit: (url) => send(url, {}),
    submit: (url, page, fields, headers = {}) => {
      const body = new URLSearchParams([...formFields(page), ...Object.entries(fields)]);
      return send(url, { method: 'POST', body, headers });
    },
  };
}

/** Hidden fields, and choices that are ticked. */
function formFields(page: string): [string, string][] {
  const inputs = [...page.matchAll(/<input\b[^>]*>/g)].map(([tag]) => tag);
  const sent = inputs.filter((tag) => tag.includes('type="hidden"') || tag.includes(' checked'));
  return sent.map((tag) => [attribute(tag, 'name'), attribute(tag, 'value')]);
}

function attribute(tag: string, name: string): string {
  const value = new RegExp(`${name}="([^"]*)"`).exec(tag)?.[1] ?? '';
  return value.replaceAll('&quot;', '"').replaceAll('&#39;', "'").replaceAll('&lt;', '<').replaceAll('&amp;', '&');
}
