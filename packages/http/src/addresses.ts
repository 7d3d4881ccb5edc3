/** Every route by its name: what the declarations, the document and the client of browsers have in common. */
export const addresses = {
  connections: 'GET /connections',
  onboarding: 'GET /onboarding',
  flags: 'GET /flags',
  startConnect: 'GET /connect/{provider}',
  authorize: 'POST /authorize/{provider}',
  callback: 'GET /callback/{provider}',
  postedCallback: 'POST /callback/{provider}',
  popup: 'GET /popup',
  prepare: 'POST /prepare/{provider}',
  connect: 'POST /connect/{provider}',
  disconnect: 'POST /disconnect/{provider}',
  accounts: 'GET /accounts/{provider}',
  chooseAccount: 'POST /accounts/{provider}',
  settings: 'GET /settings/{provider}',
  changeSettings: 'PATCH /settings/{provider}',
  settingChoices: 'GET /settings/{provider}/choices/{field}',
  health: 'GET /health/{provider}',
  streams: 'GET /streams/{provider}',
  sync: 'POST /sync/{provider}',
  webhookAddress: 'POST /webhook-address/{provider}',
  openApi: 'GET /openapi.json',
} as const;

export type RouteName = keyof typeof addresses;
export type AddressOf<Name extends RouteName> = (typeof addresses)[Name];
