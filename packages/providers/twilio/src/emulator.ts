/** What the vendor's double remembers: messages that were sent, and codes that wait to be checked. */
import { at, type EmulatorExtension } from '@plugboard/core';

/** The vendor's own magic recipients of its test credentials, and the errors they cause. */
const magic: Readonly<Record<string, string>> = {
  '+15005550001': 'invalidTo',
  '+15005550004': 'optedOut',
  '+15005550003': 'region',
};

export const emulator: EmulatorExtension = (vendor) => {
  const sent = vendor.table('messages');
  const codes = vendor.table('codes');
  codes.set('+15558675310', '123456');
  let count = 0;
  const sid = (prefix: string) => prefix + String(++count).padStart(32, '0');
  return {
    'POST /Messages.json': ({ form }) => {
      const failure = magic[form.get('To') ?? ''];
      if (failure !== undefined) return vendor.failure(failure);
      const id = sid('SM');
      const { json } = vendor.example('messages.send');
      const message = {
        ...(json as object),
        sid: id,
        to: form.get('To'),
        from: form.get('From'),
        body: form.get('Body'),
        status: 'queued',
      };
      sent.set(id, message);
      return { status: 201, json: message };
    },
    'GET /Messages/{messageSid}.json': ({ params }) => {
      const found = sent.get(params['messageSid'] ?? '');
      if (found !== undefined) return { json: { ...(found as object), status: 'delivered' } };
      const shown = vendor.example('messages.get');
      return at(shown.json, 'sid') === params['messageSid'] ? shown : vendor.failure('notFound');
    },
    'POST /Services/{serviceSid}/Verifications': ({ form }) => {
      codes.set(form.get('To') ?? '', form.get('CustomCode') ?? '123456');
      return undefined;
    },
    'POST /Services/{serviceSid}/VerificationCheck': ({ form }) => {
      const to = form.get('To') ?? '';
      // The recipient of the declared example has a code from the start.
      if (!codes.has(to)) return vendor.failure('notFound');
      const approved = codes.get(to) === form.get('Code');
      if (approved) codes.delete(to);
      const { json } = vendor.example('codes.check');
      return { json: { ...(json as object), to, status: approved ? 'approved' : 'pending', valid: approved } };
    },
  };
};
