/** One thing that an application does with each vendor: what the main job runs and the page's «Send test» button. */
import type { Board, ProviderId } from './board.ts';

export interface Showcase {
  readonly title: string;
  /** Done with the application's own account: no organization has to connect anything. */
  readonly platform?: true;
  /** Does it, and says in a few words what came of it. */
  run(board: Board, organizationId: string): Promise<string>;
}

const week = { since: '2026-11-09', until: '2026-11-15' };

export const showcases: Readonly<Record<ProviderId, Showcase>> = {
  meta: {
    title: 'Read ad spend of Meta',
    run: async (board, organizationId) => describeSpend(board.client('meta', { organizationId }).adSpend(week)),
  },
  'google-ads': {
    title: 'Read ad spend of Google Ads',
    run: async (board, organizationId) => describeSpend(board.client('google-ads', { organizationId }).adSpend(week)),
  },
  klaviyo: {
    title: 'Update a profile at Klaviyo',
    async run(board, organizationId) {
      const email = 'sarah.mason@klaviyo-demo.com';
      await board.client('klaviyo', { organizationId }).profiles.upsert({ email, firstName: 'Sarah' });
      return `profile of ${email}`;
    },
  },
  resend: {
    title: 'Send an email by Resend',
    platform: true,
    async run(board) {
      const { id } = await board.client('resend').email.send({
        from: 'Northwind <hello@northwind.example>',
        to: 'ada@example.com',
        subject: 'Your weekly report',
        text: 'Revenue is up.',
      });
      return `email ${id}`;
    },
  },
  twilio: {
    title: 'Send an SMS by Twilio',
    platform: true,
    async run(board) {
      const { id, status } = await board.client('twilio').sms.send({
        from: '+15005550006',
        to: '+15558675310',
        text: 'Your order has shipped.',
      });
      return `message ${id}${status === undefined ? '' : ` ${status}`}`;
    },
  },
  slack: {
    title: 'Post a message to Slack',
    async run(board, organizationId) {
      const { id } = await board.client('slack', { organizationId }).notify.send({
        to: 'C0123456789',
        title: 'New order',
        text: 'Order 1001: 2 lamps, 99.00 EUR.',
      });
      return `message ${id}`;
    },
  },
};

export function showcaseOf(provider: string): Showcase | undefined {
  return Object.entries(showcases).find(([id]) => id === provider)?.[1];
}

async function describeSpend(rows: AsyncIterable<{ readonly spend: number; readonly currency: string }>) {
  let spend = 0;
  let count = 0;
  let unit = '';
  for await (const row of rows) {
    spend += row.spend;
    count += 1;
    unit = row.currency;
  }
  if (count === 0) throw new Error('the vendor reported no day');
  return `${spend.toFixed(2)} ${unit} in ${count} ${count === 1 ? 'row' : 'rows'}`;
}
