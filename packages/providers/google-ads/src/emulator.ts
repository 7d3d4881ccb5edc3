/** What the vendor's double remembers: who manages whom, and what became of the conversions it was sent. */
import { at, member, text, type EmulatedRequest, type EmulatorExtension, type Json } from '@plugboard/core';
import { listOf } from '@plugboard/google';

const manager = '9876543210';
/** Reached through the manager alone. */
const managed = '5551234567';

export const emulator: EmulatorExtension = (vendor) => {
  const requests = vendor.table('requests');
  const seen = vendor.table('transactions');

  /** The account that the request's credential belongs to; the one of the examples unless a test names another. */
  const ownOf = ({ account }: EmulatedRequest) =>
    /^\d{10}$/.test(account.id) ? account : { id: '1234567890', name: 'Demo Store' };

  /** Undefined where the credential reaches the customer: directly, or through the manager that the header names. */
  function refuse(request: EmulatedRequest) {
    const customer = request.params['customerId'];
    if (customer === ownOf(request).id || customer === manager) return undefined;
    return customer === managed && request.headers.get('login-customer-id') === manager
      ? undefined
      : vendor.failure('userPermissionDenied');
  }

  function describe(request: EmulatedRequest) {
    if (!/ FROM customer /.test(text(member(request.json, 'query')) ?? '')) return undefined;
    const id = request.params['customerId']!;
    const names: Readonly<Record<string, string>> = { [manager]: 'Demo Agency', [managed]: 'Second Store' };
    const customer = { resourceName: `customers/${id}`, id, descriptiveName: names[id] ?? ownOf(request).name };
    const place = { currencyCode: 'USD', timeZone: 'America/New_York' };
    const facts = { ...place, manager: id === manager, testAccount: false, status: 'ENABLED' };
    return { json: { results: [{ customer: { ...customer, ...facts } }], requestId: vendor.id('request') } };
  }

  /** A transaction that came before counts once. */
  function ingest({ json }: EmulatedRequest) {
    const requestId = vendor.id('00000000-0000-4000-8000-000000');
    if (member(json, 'validateOnly') === true) return { json: { requestId } };
    const events = listOf(member(json, 'events')).map((event) =>
      JSON.stringify([at(event, 'destinationReferences'), at(event, 'transactionId')]),
    );
    const repeated = events.filter((key) => seen.has(key)).length;
    for (const key of events) seen.set(key, true);
    const destination = at(json, 'destinations', 0) ?? {};
    requests.set(requestId, { destination, records: events.length, repeated, asked: 0 });
    return { json: { requestId } };
  }

  /** Processing takes until it was asked for once. */
  function retrieve({ url }: EmulatedRequest) {
    const id = url.searchParams.get('requestId') ?? '';
    const found = requests.get(id);
    if (found === undefined) return undefined;
    const destination = at(found, 'destination') ?? {};
    const [records, repeated] = [Number(at(found, 'records')), Number(at(found, 'repeated'))];
    const isDone = at(found, 'asked') !== 0;
    requests.set(id, { destination, records, repeated, asked: 1 });
    if (!isDone) return statusReply({ destination, requestStatus: 'PROCESSING' });
    const errorCounts = [{ reason: 'PROCESSING_ERROR_REASON_DUPLICATE_TRANSACTION_ID', recordCount: String(repeated) }];
    return statusReply({
      destination,
      requestStatus: repeated === 0 ? 'SUCCESS' : repeated < records ? 'PARTIAL_SUCCESS' : 'FAILED',
      ...(repeated > 0 && { errorInfo: { errorCounts } }),
      eventsIngestionStatus: { recordCount: String(records) },
    });
  }

  const statusReply = (status: Json) => ({ json: { requestStatusPerDestination: [status] } });

  return {
    'GET /customers:listAccessibleCustomers': (request) => ({
      json: { resourceNames: [`customers/${ownOf(request).id}`, `customers/${manager}`] },
    }),
    'POST /customers/{customerId}/googleAds:search': (request) => refuse(request) ?? describe(request),
    'POST /customers/{customerId}/googleAds:searchStream': refuse,
    'POST /customers/{customerId}:uploadClickConversions': (request) => {
      const shown = ['gclid', 'conversionAction', 'conversionDateTime'];
      const results = listOf(member(request.json, 'conversions')).map((conversion) =>
        Object.fromEntries(shown.map((name) => [name, member(conversion, name) ?? ''])),
      );
      const stored = member(request.json, 'validateOnly') !== true && { results };
      return refuse(request) ?? { json: { ...stored, jobId: vendor.id() } };
    },
    'POST /events:ingest': ingest,
    'GET /requestStatus:retrieve': retrieve,
  };
};
