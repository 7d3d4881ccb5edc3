/**
 * The Conversions API: events are normalised, hashed and judged here, because one bad event has a whole batch refused.
 * @see https://developers.facebook.com/docs/marketing-api/conversions-api/parameters (2026-11-20)
 */
import { endpoint, isPlugboardError, operation, snakeNames } from '@plugboard/core';
import type { Api, CallOptions, Conversion, ConversionReceipt } from '@plugboard/core';
import type { ConversionsCapability, PlugboardError } from '@plugboard/core';
import { given, like, z } from '@plugboard/core/fields';

import { adAccountId, adAccountOf, conversionEvent, edge, facts, hashAll, hashed, hashPattern } from './schemas.ts';
import { idLike, pageInput, pixelOf, settings, shaped, sources } from './schemas.ts';

type ConversionEvent = z.output<typeof conversionEvent>;
type WireEvent = Record<string, unknown>;

const days = 86_400;

/** Why the vendor would refuse the event; undefined when it would not. */
export function problemOf(event: ConversionEvent, nowSeconds: number): string | undefined {
  const { eventTime = nowSeconds, actionSource, eventSourceUrl, userData } = event;
  const oldest = actionSource === 'physical_store' ? 62 : 7;
  if (eventTime > nowSeconds + days) return 'eventTime is in the future: it counts seconds';
  if (eventTime < nowSeconds - oldest * days) return `eventTime is more than ${oldest} days ago`;
  if (actionSource === 'website' && eventSourceUrl === undefined) return 'a website event needs eventSourceUrl';
  if (actionSource === 'website' && userData.clientUserAgent === undefined) {
    return 'a website event needs userData.clientUserAgent';
  }
  return undefined;
}

/** An event as it travels; undefined when nothing of the person is left that the vendor could use. */
export async function toWire(given: ConversionEvent, nowSeconds: number): Promise<WireEvent | undefined> {
  const { userData: person, customData, eventTime = Math.floor(nowSeconds), ...event } = given;
  const hashes = Object.entries(hashed).map(async ([kind, [name]]) => {
    const given = person[kind as keyof typeof hashed];
    return [name, given === undefined ? [] : await hashAll(kind as keyof typeof hashed, given)] as const;
  });
  const plain = Object.entries(person).filter(([name]) => !Object.hasOwn(hashed, name));
  const user = (await Promise.all(hashes)).filter(([, list]) => list.length > 0);
  const userData = { ...snakeNames(Object.fromEntries(plain)), ...Object.fromEntries(user) };
  if (Object.keys(userData).length === 0) return undefined;
  const custom = customData && snakeNames({ ...customData, contents: customData.contents?.map(snakeNames) });
  return snakeNames({ ...event, eventTime, userData, customData: custom });
}

const pixelId = idLike('567890123456789');
const pixel = { id: '567890123456789' };

export const pixels = {
  list: endpoint('GET /{adAccountId}/adspixels', {
    summary: 'Lists the pixels of an ad account.',
    ...facts('marketing-api/reference/ad-account/adspixels', 'ads', 'ads_read'),
    input: given({}, { adAccountId, ...pageInput }),
    encode: ({ adAccountId: account, limit, after }, api) => ({
      path: { adAccountId: adAccountOf(api, account) },
      query: { fields: 'id,name,last_fired_time', limit, after },
    }),
    ...edge(like(pixel, { name: 'Shop', last_fired_time: '2026-11-19T10:00:00+0000' })),
  }),
  get: endpoint('GET /{pixelId}', {
    summary: 'Reads one pixel.',
    ...facts('marketing-api/reference/ads-pixel', 'ads'),
    input: given({ pixelId }),
    encode: () => ({ query: { fields: 'id,name' } }),
    output: shaped(like(pixel, { name: 'Shop' })),
  }),
};

const hashes = z.array(z.string().regex(hashPattern, { error: 'must be hashed' })).optional();
const hashedUser = z.looseObject(Object.fromEntries(Object.values(hashed).map(([name]) => [name, hashes])));
const hashedEvent = z.looseObject({
  event_name: z.string(),
  event_time: z.int(),
  action_source: z.enum(sources),
  user_data: hashedUser,
});
const shownEvent = {
  event_name: 'Lead',
  event_time: 1_795_000_000,
  action_source: 'system_generated',
  user_data: { em: ['973dfe463ec85785f5f95af5ba3906eedb2d931c24e69824a89ea65dba4e813b'] },
} as const;
const mostInBatch = 1000;
const docs = facts('marketing-api/conversions-api/using-the-api', 'platform');
const shared = { pixelId, testEventCode: 'TEST12345', partnerAgent: z.string() };

const sendHashed = endpoint('POST /{pixelId}/events', {
  summary: 'Sends up to 1000 events whose user data is hashed; one bad event has all of them refused.',
  ...docs,
  input: given(
    {
      data: z
        .array(hashedEvent)
        .min(1)
        .max(mostInBatch)
        .meta({ examples: [[shownEvent]] }),
    },
    shared,
  ),
  encode: ({ pixelId: pixelAsked, testEventCode, ...body }, api) => ({
    path: { pixelId: pixelOf(api, pixelAsked) },
    json: snakeNames({ ...body, testEventCode: testEventCode ?? api.settings(settings).testEventCode }),
  }),
  output: shaped(like({ events_received: 1 }, { messages: [], fbtrace_id: 'AbCdEfGhIjK' })),
});

interface Sending {
  readonly target: { readonly [Name in keyof typeof shared]?: string | undefined };
  readonly options: CallOptions;
}

type Judged = { readonly event: ConversionEvent } | { readonly problem: string };
type Batch = readonly { readonly index: number; readonly event: WireEvent }[];
/** Requests that a call may spend on finding its bad events; beyond them the rest is refused together. */
const mostRequests = 64;

/** Sends what can be sent. Throws only while nothing was accepted: later a repeat would count that twice. */
async function sendAll(api: Api, judged: readonly Judged[], { target, options }: Sending): Promise<ConversionReceipt> {
  const rejected: { index: number; reason: string }[] = [];
  const refuse = (batch: readonly { readonly index: number }[], reason: string) =>
    rejected.push(...batch.map(({ index }) => ({ index, reason })));
  const { conversions: on } = api.settings(settings);
  const now = api.clock.now() / 1000;
  const good: { index: number; event: WireEvent }[] = [];
  for (const [index, item] of judged.entries()) {
    const problem = on ? problemIn(item, now) : 'conversions are turned off in the settings';
    const event = problem === undefined && 'event' in item ? await toWire(item.event, now) : undefined;
    if (event === undefined) refuse([{ index }], problem ?? 'userData says nothing of the person');
    else good.push({ index, event });
  }

  let accepted = 0;
  let requests = 0;
  let requestId: string | undefined;
  let stopped: PlugboardError | undefined;

  /** Halves a batch that was refused until the bad event stands alone. */
  async function send(batch: Batch): Promise<void> {
    if (stopped !== undefined) return void refuse(batch, `not sent: ${stopped.code}`);
    try {
      requests += 1;
      const data = batch.map(({ event }) => event) as never;
      const { eventsReceived, fbtraceId } = await api.call(sendHashed, { ...target, data }, options);
      accepted += eventsReceived;
      requestId = fbtraceId ?? requestId;
      return;
    } catch (error) {
      if (!isPlugboardError(error)) throw error;
      if (error.code !== 'invalid_parameter') {
        if (accepted === 0) throw error;
        stopped = error;
        return void refuse(batch, error.code);
      }
      if (batch.length === 1 || requests >= mostRequests) {
        return void refuse(batch, error.vendor?.message ?? error.code);
      }
    }
    const middle = Math.ceil(batch.length / 2);
    await send(batch.slice(0, middle));
    await send(batch.slice(middle));
  }

  for (let from = 0; from < good.length; from += mostInBatch) await send(good.slice(from, from + mostInBatch));
  return {
    accepted,
    rejected: rejected.toSorted((a, b) => a.index - b.index),
    ...(requestId !== undefined && { requestId }),
  };
}

function problemIn(item: Judged, nowSeconds: number): string | undefined {
  return 'problem' in item ? item.problem : problemOf(item.event, nowSeconds);
}

export const events = {
  send: operation({
    summary: 'Sends conversions: hashes user data, leaves out what Meta would refuse, and says which those were.',
    docs: docs.docs,
    input: given({ events: z.array(conversionEvent).min(1) }, shared),
    run: (api, { events: given, ...target }, options) =>
      sendAll(
        api,
        given.map((event) => ({ event })),
        { target, options },
      ),
  }),
  sendHashed,
};

const names = new Map([
  ['purchase', 'Purchase'],
  ['lead', 'Lead'],
  ['sign_up', 'CompleteRegistration'],
  ['add_to_cart', 'AddToCart'],
  ['begin_checkout', 'InitiateCheckout'],
  ['view_content', 'ViewContent'],
  ['subscribe', 'Subscribe'],
  ['schedule', 'Schedule'],
  ['contact', 'Contact'],
]);
const sourceNames = {
  website: 'website',
  app: 'app',
  phone: 'phone_call',
  store: 'physical_store',
  other: 'other',
} as const;

/** A portable conversion as one of the vendor's events; a bare click id becomes the cookie that it would have been. */
export function toEvent(conversion: Conversion): z.input<typeof conversionEvent> {
  const { name, id: eventId, at, person, clickIds = {}, ...rest } = conversion;
  const { ip, userAgent, region, postalCode, ...same } = person;
  const clicked = clickIds['fbclid'] === undefined ? undefined : `fb.1.${at.getTime()}.${clickIds['fbclid']}`;
  const source = rest.source ?? (rest.sourceUrl === undefined ? 'other' : 'website');
  return {
    eventName: names.get(name) ?? name,
    eventId,
    eventTime: Math.floor(at.getTime() / 1000),
    actionSource: sourceNames[source],
    eventSourceUrl: rest.sourceUrl,
    userData: {
      ...same,
      state: region,
      zip: postalCode,
      clientIpAddress: ip,
      clientUserAgent: userAgent,
      fbc: clickIds['fbc'] ?? clicked,
      fbp: clickIds['fbp'],
    },
    customData: { value: rest.value, currency: rest.currency, orderId: rest.orderId },
  };
}

export const conversions = (api: Api): ConversionsCapability => ({
  send(given) {
    const judged = given.map((conversion): Judged => {
      const { success, data, error } = conversionEvent.safeParse(toEvent(conversion));
      if (success) return { event: data };
      return { problem: error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`).join('; ') };
    });
    return sendAll(api, judged, { target: {}, options: {} });
  },
});
