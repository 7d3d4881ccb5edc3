/** What the vendor's double remembers: whose tokens are dead, which reports run, which leads were made for tests. */
import { at, number, type EmulatedVendor, type EmulatorExtension, type Json, type JsonObject } from '@plugboard/core';

export const emulator: EmulatorExtension = (vendor) => {
  const reports = vendor.table('reports');
  const leads = vendor.table('leads');
  vendor.shapeOAuthFailures(({ error }) => {
    if (error === 'invalid_client') return refused(1, 'Error validating client secret.');
    if (error === 'invalid_grant') return vendor.failure('expiredToken');
    return refused(100, 'Invalid parameter');
  });
  return {
    'GET /debug_token': { open: true, reply: ({ url }) => debugToken(vendor, url.searchParams) },
    'DELETE /me/permissions': ({ headers }) => {
      vendor.oauth.revoke(tokenIn(headers));
      return { json: { success: true } };
    },
    // What the declared page names as the next one is empty.
    'GET /me/adaccounts': ({ url }) => (url.searchParams.has('after') ? { json: { data: [] } } : undefined),
    'POST /{adAccountId}/insights': () => {
      const id = vendor.id('60447755');
      reports.set(id, 0);
      return { json: { report_run_id: id } };
    },
    'GET /{id}': ({ params: { id = '' }, url }) => {
      const lead = leads.get(id);
      if (lead !== undefined) return { json: lead };
      if (url.searchParams.get('fields') === 'access_token') return { json: { id, access_token: `EAAPAGE0${id}` } };
      return reports.has(id) ? { json: progress(reports, id) } : undefined;
    },
    'POST /{pageId}/subscribed_apps': () => ({ json: { success: true } }),
    'GET /{pageId}/leadgen_forms': () => ({ json: { data: [{ id: '2', name: 'Newsletter', status: 'ACTIVE' }] } }),
    'POST /{formId}/test_leads': ({ params: { formId = '' }, json }) => {
      const id = vendor.id('9');
      const shown = vendor.example('leads.get').json as JsonObject;
      leads.set(id, { ...shown, id, form_id: formId, field_data: at(json, 'field_data') ?? shown['field_data']! });
      return { json: { id } };
    },
    'POST /{pixelId}/events': ({ json }) => {
      const data = at(json, 'data');
      const events = Array.isArray(data) ? (data as readonly Json[]) : [];
      if (events.some(isBad)) return vendor.failure('invalidInput');
      return { json: { events_received: events.length, messages: [], fbtrace_id: vendor.id('trace') } };
    },
  };
};

function tokenIn(headers: Headers): string {
  return headers.get('authorization')?.replace('Bearer ', '') ?? '';
}

function refused(code: number, message: string) {
  return { status: 400, json: { error: { message, type: 'OAuthException', code, fbtrace_id: 'EJplcsCHuLu' } } };
}

/** Of the app that asks: the double knows one app only. */
function debugToken(vendor: EmulatedVendor, asked: URLSearchParams) {
  const [appId = '', appSecret = ''] = (asked.get('access_token') ?? '').split('|');
  if (appSecret === '') return vendor.failure('invalidCredentials');
  const info = vendor.oauth.use(asked.get('input_token') ?? '');
  const expiresAt = Math.floor(vendor.now() / 1000) + 5_183_944;
  const valid = info?.state === 'live';
  return {
    json: {
      data: { app_id: appId, type: 'USER', is_valid: valid, expires_at: expiresAt, scopes: info?.scopes ?? [] },
    },
  };
}

/** Halfway when it is first asked about, finished from then on. */
function progress(reports: Map<string, Json>, id: string) {
  const asked = number(reports.get(id)) ?? 0;
  reports.set(id, asked + 1);
  const [status, percent] = asked === 0 ? ['Job Running', 50] : ['Job Completed', 100];
  return { id, async_status: status as string, async_percent_completion: percent as number };
}

function isBad(event: Json): boolean {
  const user = at(event, 'user_data');
  const bare = typeof user !== 'object' || user === null || Object.keys(user).length === 0;
  const website = at(event, 'action_source') === 'website';
  return bare || (website && (!at(user, 'client_user_agent') || !at(event, 'event_source_url')));
}
