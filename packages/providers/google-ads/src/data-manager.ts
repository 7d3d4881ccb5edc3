/**
 * The Data Manager API: conversions and audiences. A 200 says that a request was accepted; its outcome is asked later.
 * @see https://developers.google.com/data-manager/api/reference/rest (2026-11-20)
 */
import { endpoint, invalidInput } from '@plugboard/core';
import type { Api, Conversion, ConversionReceipt, ConversionsCapability } from '@plugboard/core';
import { given, like, z } from '@plugboard/core/fields';

import { action, actionId, actionOf, asked, clickId, currency, customerOf, datamanager } from './schemas.ts';
import { hashPerson, identifier, instant, loginOf, numericId, settings } from './schemas.ts';

/** For each Cloud project: https://developers.google.com/data-manager/api/devguides/limits (2026-11-20). */
const projectLimit = () => ({ requests: 300, perMs: 60_000, per: 'app' as const });
const writes = [projectLimit()];
const facts = (page: string, limits = writes) => ({
  docs: `https://developers.google.com/data-manager/api/reference/rest/v1/${page}`,
  baseUrl: 'https://datamanager.googleapis.com/v1',
  scopes: [datamanager],
  // All writes count together.
  limits,
});

const identifiers = z.array(identifier).min(1).max(10);
const status = z.enum(['CONSENT_GRANTED', 'CONSENT_DENIED']);
const consent = given({}, { adUserData: status, adPersonalization: status });
const id = z.string().min(1);

const event = given(
  {
    // Required, as the vendor does for conversions of several sources: with it a repeated event is recognised.
    transactionId: 'ord-1',
    eventTimestamp: instant.meta({ examples: ['2026-11-01T12:32:45Z'] }),
  },
  {
    /** Default: the one of the settings. */
    conversionActionId: actionId,
    lastUpdatedTimestamp: instant,
    userIdentifiers: identifiers,
    adIdentifiers: given(
      {},
      {
        gclid: clickId,
        gbraid: id,
        wbraid: id,
        sessionAttributes: id,
        landingPageDeviceInfo: given({}, { userAgent: id, ipAddress: id }),
      },
    ),
    consent,
    currency,
    conversionValue: 12.5,
    conversionCount: z.number(),
    eventSource: z.enum(['WEB', 'APP', 'IN_STORE', 'PHONE', 'MESSAGE', 'OTHER']).meta({ examples: ['WEB'] }),
    customVariables: z.array(z.strictObject({ variable: id, value: z.string() })),
  },
);

const account = (accountId: string) => ({ accountType: 'GOOGLE_ADS', accountId });

/** Where data goes. The manager is named only where the account is reached through one. */
function destination(board: Api, given: string | undefined, id: string) {
  const customer = customerOf(board, given);
  const login = loginOf(board, customer);
  const through = login !== undefined && { loginAccount: account(login) };
  return { reference: id, operatingAccount: account(customer), ...through, productDestinationId: id };
}

const processed = like(
  /** `SUCCESS`, `PROCESSING`, `FAILED` or `PARTIAL_SUCCESS`. */
  { requestStatus: 'PARTIAL_SUCCESS' },
  {
    destination: like({}, { reference: action, operatingAccount: account('1234567890'), productDestinationId: action }),
    errorInfo: like({}, { errorCounts: [{ recordCount: '1', reason: 'PROCESSING_ERROR_REASON_INVALID_GCLID' }] }),
    eventsIngestionStatus: like({}, { recordCount: '1' }),
  },
);
const accepted = like({ requestId: '126365e1-16d0-4c81-9de9-f362711e250a' });
const mostActions = 10;
const mostEvents = 2000;

const memberships = given(
  {
    userListId: numericId.meta({ examples: ['7654321'] }),
    members: z
      .array(given({ userIdentifiers: identifiers }, { consent }))
      .min(1)
      .max(10_000),
  },
  { ...asked, consent, validateOnly: z.boolean() },
);

function encodeMembers(input: z.output<typeof memberships>, board: Api) {
  const { customerId, userListId, members, ...options } = input;
  const people = members.map(({ userIdentifiers, ...member }) => ({ ...member, userData: { userIdentifiers } }));
  const destinations = [destination(board, customerId, userListId)];
  return { ...options, destinations, audienceMembers: people, encoding: 'HEX' };
}

export const dataManager = {
  ingestEvents: endpoint('POST /events:ingest', {
    summary: 'Sends up to 2000 conversions; one that the vendor cannot read refuses them all.',
    ...facts('events/ingest'),
    input: given({ events: z.array(event).min(1).max(mostEvents) }, { ...asked, consent, validateOnly: z.boolean() }),
    encode: ({ customerId, events, ...options }, board) => {
      const sent = events.map(({ conversionActionId, userIdentifiers, ...one }) => ({
        ...one,
        destinationReferences: [actionOf(board, conversionActionId)],
        ...(userIdentifiers && { userData: { userIdentifiers } }),
      }));
      const actions = [...new Set(sent.flatMap(({ destinationReferences }) => destinationReferences))];
      if (actions.length > mostActions) {
        const message = `may name ${mostActions} different conversion actions at most`;
        throw invalidInput('The events', [{ path: 'events', message }]);
      }
      const destinations = actions.map((id) => destination(board, customerId, id));
      return { json: { ...options, destinations, events: sent, encoding: 'HEX' } };
    },
    output: accepted,
    repeat: 'safe',
  }),
  requestStatus: endpoint('GET /requestStatus:retrieve', {
    summary: 'Asks what became of a request, for each of its destinations.',
    ...facts('requestStatus/retrieve', [projectLimit()]),
    input: given({ requestId: '126365e1-16d0-4c81-9de9-f362711e250a' }),
    output: like({ requestStatusPerDestination: [processed] }),
  }),
  ingestMembers: endpoint('POST /audienceMembers:ingest', {
    summary: 'Puts people on a customer list, by hashes; hashPerson makes them.',
    ...facts('audienceMembers/ingest'),
    /** The customer has accepted the terms of Customer Match. */
    input: memberships.extend(given({}, { termsAccepted: true }).shape),
    encode: ({ termsAccepted, ...input }, board) => {
      const status = termsAccepted === true ? 'ACCEPTED' : 'REJECTED';
      const terms = { termsOfService: { customerMatchTermsOfServiceStatus: status } };
      return { json: { ...encodeMembers(input, board), ...(termsAccepted !== undefined && terms) } };
    },
    output: accepted,
    repeat: 'safe',
  }),
  removeMembers: endpoint('POST /audienceMembers:remove', {
    summary: 'Takes people off a customer list, by hashes; hashPerson makes them.',
    ...facts('audienceMembers/remove'),
    input: memberships.omit({ consent: true }),
    encode: (input, board) => ({ json: encodeMembers(input, board) }),
    output: accepted,
    repeat: 'safe',
  }),
};

const sources = { website: 'WEB', app: 'APP', phone: 'PHONE', store: 'IN_STORE', other: 'OTHER' } as const;
type Event = z.output<typeof event>;

/**
 * Conversions by the portable interface. The settings say which action a conversion's name stands for; several requests
 * have their ids in `requestId`, joined by commas.
 */
export function conversions(board: Api): ConversionsCapability {
  return {
    async send(given): Promise<ConversionReceipt> {
      const { conversionTracking, conversionActionId, conversionActions = {} } = board.settings(settings);
      const rejected: { index: number; reason: string }[] = [];
      const events: Event[] = [];
      if (conversionTracking === false) return { accepted: 0, rejected };
      for (const [index, conversion] of given.entries()) {
        const { name } = conversion;
        const chosen = Object.hasOwn(conversionActions, name) ? conversionActions[name] : conversionActionId;
        const found = await eventOf(conversion);
        if (chosen === undefined) rejected.push({ index, reason: `no conversion action is set for \`${name}\`` });
        else if (found === undefined)
          rejected.push({ index, reason: 'has no click id, email address, phone or postal address' });
        else events.push({ ...found, conversionActionId: chosen });
      }
      const requests: string[] = [];
      for (const batch of batchesOf(events)) {
        const { requestId } = await board.call(dataManager.ingestEvents, { events: batch });
        requests.push(requestId);
      }
      return { accepted: events.length, rejected, ...(requests.length > 0 && { requestId: requests.join(',') }) };
    },
  };
}

/** Undefined for a conversion that could be matched with nothing. */
async function eventOf(conversion: Conversion): Promise<Event | undefined> {
  const { id, at, value, currency: code, person, clickIds = {}, source } = conversion;
  const clicks = ['gclid', 'gbraid', 'wbraid'].flatMap((name) => (clickIds[name] ? [[name, clickIds[name]]] : []));
  const userIdentifiers = await hashPerson(person);
  if (clicks.length === 0 && userIdentifiers.length === 0) return undefined;
  return {
    transactionId: id,
    eventTimestamp: at.toISOString(),
    ...(clicks.length > 0 && { adIdentifiers: Object.fromEntries(clicks) as Record<string, string> }),
    ...(userIdentifiers.length > 0 && { userIdentifiers }),
    ...(value !== undefined && { conversionValue: value }),
    ...(code !== undefined && { currency: code }),
    ...(source !== undefined && { eventSource: sources[source] }),
  };
}

/** In their order, each batch small enough for one request. */
export function batchesOf<Item extends { readonly conversionActionId?: string | undefined }>(
  items: readonly Item[],
): Item[][] {
  const batches: Item[][] = [];
  let actions = new Set<string | undefined>();
  for (const item of items) {
    const last = batches.at(-1);
    const fits = actions.has(item.conversionActionId) || actions.size < mostActions;
    if (last === undefined || last.length === mostEvents || !fits) {
      batches.push([item]);
      actions = new Set();
    } else last.push(item);
    actions.add(item.conversionActionId);
  }
  return batches;
}
