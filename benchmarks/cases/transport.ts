/** Calls through every policy against a bare connection pool, and what the policies alone cost. */
import { Agent } from 'node:http';

import { defaultWire, systemClock, type RateLimit, type TransportRequest, type Wire } from '@plugboard/core';
import axios from 'axios';
import { Pool } from 'undici';

import { createTransport } from '../../packages/core/src/transport/create-transport.ts';
import { createEgressPolicy } from '../../packages/core/src/url.ts';
import { measure, type Measured } from '../harness/measure.ts';
import { rowOf, timeTable, type Benchmark, type Report } from '../harness/report.ts';
import { startServer } from '../harness/servers.ts';

const path = '/v1/things?limit=10';
const token = 'x'.repeat(180);
const limits: readonly RateLimit[] = [
  { requests: 1_000_000_000, perMs: 1_000, concurrency: 1_000_000 },
  { requests: 1_000_000_000, perMs: 60_000, per: 'app' },
];
const floor = 'undici, Pool.request';
const ours = 'transport, all policies';

export const benchmark: Benchmark = {
  title: 'Transport',
  async run({ rounds }): Promise<Report> {
    const server = await startServer('canned');
    const tables = [];
    let at100: readonly Measured[] = [];
    for (const concurrency of [1, 10, 100]) {
      at100 = await calls(server.origin, concurrency, rounds);
      tables.push(timeTable(`GET with a bearer header, 1 KB of JSON parsed, ${concurrency} in flight`, at100));
    }
    const alone = await policies(rounds);
    server.stop();
    const cost = rowOf(alone, ours).cpuUs - rowOf(alone, 'wire alone').cpuUs;
    return {
      tables: [...tables, timeTable('The policies around a wire that answers at once, one at a time', alone)],
      goals: [
        {
          what: 'CPU against the pool, 100 in flight',
          limit: 1.3,
          measured: rowOf(at100, ours).cpuRatio.median,
          unit: 'x',
        },
        { what: 'CPU of the policies of one call', limit: 2, measured: cost, unit: 'µs' },
      ],
      notes: [
        'All policies: hosts, egress, headers, two limits that are not near, deadline, retries, size, redirects, ' +
          'telemetry without an exporter, errors. The server is a process of its own on the same cores.',
      ],
    };
  },
};

async function calls(origin: string, concurrency: number, rounds: number): Promise<Measured[]> {
  const pool = new Pool(origin, { connections: concurrency, pipelining: 1 });
  const agent = new Agent({ keepAlive: true, maxSockets: concurrency });
  const headers = { authorization: `Bearer ${token}`, accept: 'application/json' };
  const client = axios.create({ baseURL: origin, headers, httpAgent: agent, proxy: false });
  const transport = transportOver(defaultWire(), origin);
  const measured = await measure(
    {
      [floor]: async () => (await pool.request({ path, method: 'GET', headers })).body.json(),
      [ours]: async () => (await transport.send(requestTo(origin))).json(),
      'global fetch': async () => (await fetch(origin + path, { headers })).json(),
      'axios, keep-alive agent': async () => (await client.get<unknown>(path)).data,
    },
    { rounds, concurrency, budgetMs: 250 },
  );
  await Promise.all([pool.close(), transport.close()]);
  agent.destroy();
  return measured;
}

async function policies(rounds: number): Promise<Measured[]> {
  const bytes = new TextEncoder().encode('{"object":"list"}');
  const headers = new Headers({ 'content-type': 'application/json' });
  async function* body() {
    yield bytes;
  }
  const wire: Wire = async () => ({ status: 200, headers, body: body() });
  const origin = 'https://vendor.example';
  const transport = transportOver(wire);
  const request = requestTo(origin);
  const { signal } = new AbortController();
  return measure(
    {
      'wire alone': async () => {
        const answer = await wire({ ...request, signal });
        for await (const chunk of answer.body) if (chunk.length === 0) throw new Error('no body');
      },
      [ours]: () => transport.send(request),
    },
    { rounds },
  );
}

function transportOver(wire: Wire, ...allowOrigins: readonly string[]) {
  return createTransport({ clock: systemClock, wire, egress: createEgressPolicy({ allowOrigins }) });
}

function requestTo(origin: string): TransportRequest {
  const url = new URL(path, origin);
  return {
    provider: 'bench',
    operation: 'things.list',
    method: 'GET',
    url,
    headers: new Headers({ authorization: `Bearer ${token}`, accept: 'application/json' }),
    hosts: [url.hostname],
    organizationId: 'org_1',
    classify: () => undefined,
    repeat: 'safe',
    purpose: 'api',
    limitKey: 'bench/org_1',
    limits,
    secrets: [token],
  };
}
