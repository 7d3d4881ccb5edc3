/** One page, rendered on the server: every vendor with its status and what can be done with it. No script. */
import { html, raw } from 'hono/html';

import { renderCard, type CardParts } from './card.ts';
import type { LogLine } from './log-book.ts';
import { style } from './page-style.ts';
import type { Flash } from './session.ts';

export interface PageParts {
  readonly cards: readonly CardParts[];
  readonly flash: Flash | undefined;
  readonly lines: readonly LogLine[];
}

export async function renderPage({ cards, flash, lines }: PageParts): Promise<string> {
  const page = html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>Integrations · Northwind</title>
        <style>
          ${raw(style)}
        </style>
      </head>
      <body>
        <header>
          <p class="brand">Northwind</p>
          <h1>Integrations</h1>
          <p>
            Connect the tools that your team works with. Every vendor here is an emulator: no key is needed, and nothing
            leaves this machine.
          </p>
        </header>
        <main>
          <div role="status">
            ${flash === undefined ? '' : html`<p class="flash ${flash.ok ? 'good' : 'bad'}">${flash.text}</p>`}
          </div>
          <ul class="cards">
            ${cards.map(renderCard)}
          </ul>
          <section aria-labelledby="log">
            <h2 id="log">Log of the board</h2>
            ${
              lines.length === 0
                ? html`<p>Nothing yet.</p>`
                : html`<ol class="log">
                    ${lines.slice(0, 12).map(renderLine)}
                  </ol>`
            }
          </section>
        </main>
      </body>
    </html>`;
  return String(await page);
}

function renderLine({ at, level, message, fields }: LogLine) {
  return html`<li class="${level}">
    <time datetime="${at.toISOString()}">${at.toISOString().slice(11, 19)}</time>
    <span>${message}</span>
    <code>${JSON.stringify(fields)}</code>
  </li>`;
}
