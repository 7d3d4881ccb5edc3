/** One vendor on the page: where it stands, and the forms for what can be done. */
import { text, type AccountRef, type ConnectionStatus, type JsonObject } from '@plugboard/core';
import type { ConnectionView, MethodView, ProviderView } from '@plugboard/http';
import { html } from 'hono/html';

export interface CardParts {
  readonly provider: ProviderView;
  /** Null when the organization has none. */
  readonly connection: ConnectionView | null;
  /** Accounts to choose from, while the connection waits for that. */
  readonly accounts: readonly AccountRef[];
  /** Values that pass, by method and field: what an emulated vendor takes for a key. */
  readonly examples: Readonly<Record<string, Readonly<Record<string, string>>>>;
}

export function renderCard(parts: CardParts) {
  const { id, name, summary } = parts.provider;
  const [badge, tone] = badgeOf(parts);
  return html`<li>
    <article aria-labelledby="${id}">
      <h2 id="${id}">${name}</h2>
      <p class="badge ${tone}">${badge}</p>
      <p>${summary}</p>
      ${facts(parts)} ${actions(parts)}
    </article>
  </li>`;
}

const badges: Readonly<Record<ConnectionStatus, readonly [string, 'good' | 'waiting' | 'bad' | 'off']>> = {
  active: ['Connected', 'good'],
  pending: ['Choose an account', 'waiting'],
  degraded: ['Works in part', 'waiting'],
  expired: ['Connect again', 'bad'],
  error: ['Broken', 'bad'],
  disconnected: ['Not connected', 'off'],
};

function badgeOf({ connection }: CardParts) {
  return badges[connection?.status ?? 'disconnected'];
}

function facts({ connection, provider }: CardParts) {
  if (connection === null) return '';
  const method = provider.methods.find(({ name }) => name === connection.method)?.title ?? connection.method;
  const health = connection.health?.status ?? 'not checked yet';
  return html`<dl>
    <dt>Account</dt>
    <dd>${connection.account?.name ?? 'none yet'}</dd>
    <dt>Method</dt>
    <dd>${method}</dd>
    <dt>Health</dt>
    <dd>${health === 'stubbed' ? 'answers, emulated' : health}</dd>
  </dl>`;
}

function actions(parts: CardParts) {
  const { connection, provider } = parts;
  const test = post(provider, 'test', 'Try it');
  if (connection?.status === 'pending') return html`${chooser(parts)} ${post(provider, 'disconnect', 'Disconnect')}`;
  if (connection !== null) return html`<div class="row">${test} ${post(provider, 'disconnect', 'Disconnect')}</div>`;
  return connectForms(parts);
}

/** The button's accessible name says which vendor it is for. */
function post({ id, name }: ProviderView, action: string, label: string) {
  return html`<form method="post" action="/actions/${action}/${id}">
    <button type="submit">${label}<span class="hidden"> (${name})</span></button>
  </form>`;
}

function chooser({ provider, accounts }: CardParts) {
  return html`<form method="post" action="/actions/choose/${provider.id}">
    <fieldset>
      <legend>Account</legend>
      ${accounts.map(
        ({ id, name }, index) =>
          html`<label class="choice"
            ><input type="radio" name="account" value="${id}" ${index === 0 ? 'checked' : ''} /> ${name} (${id})</label
          >`,
      )}
    </fieldset>
    <button type="submit" class="primary">Choose<span class="hidden"> for ${provider.name}</span></button>
  </form>`;
}

/** The first way is the recommended one; the others wait behind a click. */
function connectForms(parts: CardParts) {
  const [first, ...others] = parts.provider.methods.map((method) => connectForm(parts, method));
  const more = html`<details>
    <summary>Other ways to connect<span class="hidden"> ${parts.provider.name}</span></summary>
    ${others}
  </details>`;
  return html`<div class="ways">${first} ${others.length === 0 ? '' : more}</div>`;
}

function connectForm({ provider, examples }: CardParts, method: MethodView) {
  const properties = Object.entries((method.fields?.['properties'] ?? {}) as Record<string, JsonObject>);
  const required = (method.fields?.['required'] ?? []) as readonly string[];
  const inputs = properties.map(([name, schema]) =>
    input({
      id: `${provider.id}-${method.name}-${name}`,
      name: method.kind === 'oauth2' ? `input.${name}` : name,
      schema,
      optional: !required.includes(name),
      example: examples[method.name]?.[name] ?? '',
    }),
  );
  const submit = html`<button type="submit" class="primary">
    ${method.kind === 'oauth2' ? 'Connect' : `Connect by ${method.title}`}<span class="hidden"> ${provider.name}</span>
  </button>`;
  if (method.kind !== 'oauth2') {
    return html`<form method="post" action="/actions/connect/${provider.id}">
      <input type="hidden" name="method" value="${method.name}" />
      ${inputs} ${submit}
    </form>`;
  }
  return html`<form method="get" action="/integrations/connect/${provider.id}">
    <input type="hidden" name="returnTo" value="/" />
    <input type="hidden" name="method" value="${method.name}" />
    ${inputs} ${submit}
  </form>`;
}

interface InputParts {
  readonly id: string;
  readonly name: string;
  readonly schema: JsonObject;
  readonly optional: boolean;
  readonly example: string;
}

function input({ id, name, schema, optional, example }: InputParts) {
  return html`<p class="field">
    <label for="${id}">${text(schema['title']) ?? name}${optional ? ' (optional)' : ''}</label>
    <input
      id="${id}"
      name="${name}"
      type="${schema['secret'] === true ? 'password' : 'text'}"
      value="${example}"
      ${optional ? '' : 'required'}
      autocomplete="off"
      aria-describedby="${id}-help"
    />
    <small id="${id}-help">${text(schema['description']) ?? ''}</small>
  </p>`;
}
