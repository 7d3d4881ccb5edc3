/** Known holes of npm packages, from OSV's batch query (https://google.github.io/osv.dev/post-v1-querybatch/). */
const publicEndpoint = 'https://api.osv.dev/v1/querybatch';
/** OSV takes 1,000 questions at once. */
const batchSize = 500;

export interface PackageAdvisories {
  /** `name@version`. */
  readonly id: string;
  readonly advisories: readonly string[];
}

interface Answer {
  readonly results?: readonly {
    readonly vulns?: readonly { readonly id: string }[];
    readonly next_page_token?: string;
  }[];
}

export interface OsvOptions {
  /** Default: the public one. */
  readonly endpoint?: string | undefined;
}

/**
 * @param ids `name@version` each.
 * @throws Error when OSV does not answer each question: no answer is no clean bill.
 */
export async function osvAdvisories(
  ids: readonly string[],
  { endpoint = publicEndpoint }: OsvOptions = {},
): Promise<readonly PackageAdvisories[]> {
  const found: PackageAdvisories[] = [];
  for (let start = 0; start < ids.length; start += batchSize) {
    const batch = ids.slice(start, start + batchSize);
    const response = await fetch(endpoint, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ queries: batch.map(queryOf) }),
      signal: AbortSignal.timeout(60_000),
    });
    if (!response.ok) throw new Error(`OSV answered ${response.status}.`);
    const { results = [] } = (await response.json()) as Answer;
    if (results.length !== batch.length)
      throw new Error(`OSV answered ${results.length} of ${batch.length} questions.`);
    results.forEach(({ vulns = [] }, index) => {
      // A page more changes nothing: one hole is enough to look at.
      if (vulns.length > 0) found.push({ id: batch[index]!, advisories: vulns.map(({ id }) => id) });
    });
  }
  return found;
}

function queryOf(id: string) {
  const at = id.indexOf('@', 1);
  return { package: { ecosystem: 'npm', name: id.slice(0, at) }, version: id.slice(at + 1) };
}
