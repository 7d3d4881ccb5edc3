/** Names one connection within a board: for limits, and for what is kept in memory. */
export function sessionKey(
  provider: string,
  target: { readonly organizationId: string; readonly label: string },
): string {
  const { organizationId, label } = target;
  // Ids may contain any separator, so the parts are told apart by their lengths.
  return `${provider}/${organizationId.length}:${organizationId}/${label}`;
}

/** The same for the platform's own credentials. */
export function platformKey(provider: string): string {
  return `${provider}/platform`;
}
