/** What kinds of vendors there are, for lists and the hub. */
export type Category =
  | 'advertising' | 'ai' | 'analytics' | 'calendar' | 'commerce' | 'crm' | 'developer' | 'docs' | 'email' | 'files'
  | 'hosting' | 'identity' | 'mail' | 'marketing' | 'media' | 'messaging' | 'monitoring' | 'payments' | 'reviews'
  | 'secrets' | 'sms-voice' | 'storage' | 'surveys'; // prettier-ignore
