/** What people are told of a connection, and the words for it. */
import type { Connection } from './connections/view.ts';

interface OfConnection {
  readonly provider: string;
  /** What the vendor is called. */
  readonly name: string;
  readonly connection: Connection;
  readonly reason: string;
  /** Where the organization connects anew. */
  readonly reconnectUrl: string;
}

/** One message, once per episode. */
export type Notice =
  /** It works in part (`ended` false), or not at all any more. */
  | (OfConnection & { readonly kind: 'attention'; readonly ended: boolean })
  /** It works again, after something else was told. */
  | (OfConnection & { readonly kind: 'recovered' })
  /** It ends on a day, and only a new consent renews it. */
  | (OfConnection & { readonly kind: 'expiring'; readonly expiresAt: Date })
  /** The vendor refuses the host's own app, for everybody. */
  | { readonly kind: 'provider'; readonly provider: string; readonly name: string; readonly reason: string };

export interface NoticeText {
  readonly title: string;
  readonly text: string;
}

export type NoticeTemplate = (notice: Notice) => NoticeText;

/** In English, in plain text: what happened, to whom, and what to do. */
export const plainNotice: NoticeTemplate = (notice) => {
  if (notice.kind === 'provider') {
    return {
      title: `${notice.name} refuses this application`,
      text: `${notice.name} answers «${notice.reason}» to the app credentials of this application. Connections are untouched; they are refreshed again once the credentials are right.`,
    };
  }
  const { name, connection, reason, reconnectUrl } = notice;
  const who = connection.account === null ? name : `${name} (${connection.account.name})`;
  switch (notice.kind) {
    case 'attention':
      return notice.ended
        ? {
            title: `${name} is disconnected`,
            text: `${who} stopped working: ${reason}. Connect it again: ${reconnectUrl}`,
          }
        : {
            title: `${name} needs attention`,
            text: `${who} works only in part: ${reason}. Look at it, or connect it again: ${reconnectUrl}`,
          };
    case 'expiring': {
      const day = notice.expiresAt.toISOString().slice(0, 10);
      return {
        title: `${name} ends on ${day}`,
        text: `${who} needs a new consent before ${day}, or it stops working then. Connect it again: ${reconnectUrl}`,
      };
    }
    case 'recovered':
      return { title: `${name} works again`, text: `${who} works again. There is nothing left to do.` };
  }
};
