import { tick, type Fault } from './fault.ts';

export const claimFaults: readonly Fault[] = [
  {
    name: 'claims rows before they are due',
    parts: ({ connections }, clock) => ({
      connections: {
        async claimDue(request) {
          const claimed = await connections.claimDue(request);
          const rows = await connections.scan(null, 100);
          const early = rows.filter((row) => row.refreshAt !== null && +row.refreshAt === clock.now() + 1);
          return [...claimed, ...early].slice(0, request.limit);
        },
      },
    }),
    fails: ['claims the rows that are due, the', 'gives an abandoned claim to the'],
  },
  {
    name: 'claims the rows that fell due last',
    parts: ({ connections }) => ({
      connections: {
        async claimDue(request) {
          return (await connections.claimDue(request)).toReversed();
        },
      },
    }),
    fails: ['claims the rows that are due, the'],
  },
  {
    name: 'looks for due rows first and claims them later',
    parts: ({ connections }, clock) => ({
      connections: {
        async claimDue(request) {
          const due = (await connections.scan(null, 10_000)).filter(
            (row) =>
              row.refreshAt !== null &&
              +row.refreshAt <= clock.now() &&
              row.provider === (request.provider ?? row.provider),
          );
          await tick();
          const claimed = await connections.claimDue(request);
          return claimed.length > 0 ||
            due.length === 0 ||
            due.some((row) => row.leaseFence > 0 || row.status === 'disconnected')
            ? claimed
            : due.slice(0, request.limit);
        },
      },
    }),
    fails: ['gives no row to two of many claimers', 'refuses a lease and a claim of'],
  },
  {
    name: 'claims without a lease',
    parts: ({ connections }) => ({
      connections: {
        async claimDue(request) {
          return (await connections.claimDue(request)).map((row) => ({ ...row, leaseUntil: null }));
        },
      },
    }),
    fails: ['leases what it claims: a new fence'],
  },
  {
    name: 'never claims a row again',
    parts: ({ connections }) => {
      const claimed = new Set<string>();
      return {
        connections: {
          async claimDue(request) {
            const rows = (await connections.claimDue(request)).filter((row) => !claimed.has(row.id));
            for (const row of rows) claimed.add(row.id);
            return rows;
          },
        },
      };
    },
    fails: ['gives an abandoned claim to the'],
  },
  {
    name: 'claims whatever the provider',
    parts: ({ connections }) => ({
      connections: {
        async claimDue(request) {
          const { provider: _provider, ...rest } = request;
          const claimed = await connections.claimDue(request);
          return claimed.length > 0 || request.provider === undefined ? claimed : connections.claimDue(rest);
        },
      },
    }),
    fails: ['claims for one provider when asked'],
  },
  {
    name: 'claims without a cap for the organization',
    parts: ({ connections }) => ({
      connections: {
        async claimDue(request) {
          const { perOrganization, ...rest } = request;
          return connections.claimDue(
            Number.isInteger(perOrganization) && Number(perOrganization) > 0 && Number(perOrganization) < 1000
              ? rest
              : request,
          );
        },
      },
    }),
    fails: ['D23 fills a batch with other organizations', 'D23 keeps the cap of an organization'],
  },
  {
    name: 'caps what stands at the head of the queue, and looks no further',
    parts: ({ connections }) => ({
      connections: {
        async claimDue(request) {
          const { perOrganization, ...rest } = request;
          if (!(Number(perOrganization) > 0 && Number(perOrganization) < 1000)) return connections.claimDue(request);
          const counts = new Map<string, number>();
          return (await connections.claimDue(rest)).filter((row) => {
            counts.set(row.organizationId, (counts.get(row.organizationId) ?? 0) + 1);
            return (counts.get(row.organizationId) ?? 0) <= Number(perOrganization);
          });
        },
      },
    }),
    fails: ['D23 fills a batch with other organizations', 'G08 refuses limits, lives, leases'],
  },
];
