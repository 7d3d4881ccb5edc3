/** What the vendor's double remembers: which messages were posted where. */
import { member, text, type EmulatorExtension } from '@plugboard/core';

/** The vendor's own words for the errors of RFC 6749. */
const oauthErrors: Readonly<Record<string, string>> = {
  invalid_grant: 'invalid_refresh_token',
  invalid_client: 'bad_client_secret',
};

export const emulator: EmulatorExtension = (vendor) => {
  const messages = vendor.table('messages');
  const failure = (error: string) => ({ json: { ok: false, error } });
  // The message that the declared examples speak of.
  messages.set('C123ABC456/1503435956.000247', { type: 'message', text: 'Here is a message.' });
  vendor.shapeOAuthFailures(({ error }) => ({ json: { ok: false, error: oauthErrors[error] ?? error } }));
  let posted = 0;
  return {
    'POST /chat.postMessage': ({ json }) => {
      const channel = text(member(json, 'channel'));
      if (channel === undefined) return failure('channel_not_found');
      const ts = `${Math.floor(vendor.now() / 1000)}.${String(++posted).padStart(6, '0')}`;
      const message = { type: 'message', text: text(member(json, 'text')) ?? '', ts };
      messages.set(`${channel}/${ts}`, message);
      return { json: { ok: true, channel, ts, message } };
    },
    'POST /auth.revoke': ({ headers }) => {
      vendor.oauth.revoke(headers.get('authorization')?.replace('Bearer ', '') ?? '');
      return { json: { ok: true, revoked: true } };
    },
    'POST /chat.update': ({ json }) => touch(json, 'update'),
    'POST /chat.delete': ({ json }) => touch(json, 'delete'),
  };

  function touch(json: unknown, what: 'update' | 'delete') {
    const [channel, ts] = [text(member(json, 'channel')) ?? '', text(member(json, 'ts')) ?? ''];
    if (!messages.has(`${channel}/${ts}`)) return failure('message_not_found');
    if (what === 'delete') messages.delete(`${channel}/${ts}`);
    else messages.set(`${channel}/${ts}`, { type: 'message', text: text(member(json, 'text')) ?? '', ts });
    return { json: { ok: true, channel, ts } };
  }
};
