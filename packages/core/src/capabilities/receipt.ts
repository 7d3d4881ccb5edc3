/** What is left of a message once the vendor has it. */
/** What the vendor took in, not what was delivered. */
export interface MessageReceipt {
  readonly id: string;
  readonly status?: string;
}
