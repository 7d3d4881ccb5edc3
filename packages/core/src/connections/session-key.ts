/** Names one connection within a board: for limits, and for what is kept in memory. */
export function sessionKey(
  provider: string,
  target: { readonly organizationId: string; readonly label: string },
): string {
  const { organizationId, label } = target;
  // Ids may contain any separator, so the parts are told apart by their lengths.
  return `${provider}/${organizationId.length}:${organizationId}/${label}`;
}

/** The same for what an organization is about to connect: what its vendor asks for, nobody else waits for. */
export function newKey(provider: string, organizationId: string): string {
  return `${provider}/new/${organizationId}`;
}

/** The same for the platform's own credentials. */
export function platformKey(provider: string): string {
  return `${provider}/platform`;
}
