/** Where a stand-in of a vendor's page or endpoint lives: `<origin>/<provider>/<vendor host>/<path>`. */
export function sandboxUrl(origin: string, providerId: string, vendorUrl: URL): URL {
  return new URL(`${origin}/${providerId}/${vendorUrl.host}${vendorUrl.pathname}${vendorUrl.search}`);
}
