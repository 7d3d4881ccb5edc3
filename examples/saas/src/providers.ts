/** Every vendor of this repository. Written by `pnpm docs:write`. */
import { awsS3 } from '@plugboard/provider-aws-s3';
import { discord } from '@plugboard/provider-discord';
import { genericOidc } from '@plugboard/provider-generic-oidc';
import { github } from '@plugboard/provider-github';
import { gmail } from '@plugboard/provider-gmail';
import { googleAds } from '@plugboard/provider-google-ads';
import { googleCalendar } from '@plugboard/provider-google-calendar';
import { googleDrive } from '@plugboard/provider-google-drive';
import { hubspot } from '@plugboard/provider-hubspot';
import { klaviyo } from '@plugboard/provider-klaviyo';
import { mailgun } from '@plugboard/provider-mailgun';
import { meta } from '@plugboard/provider-meta';
import { openai } from '@plugboard/provider-openai';
import { paypal } from '@plugboard/provider-paypal';
import { plaid } from '@plugboard/provider-plaid';
import { posthog } from '@plugboard/provider-posthog';
import { resend } from '@plugboard/provider-resend';
import { salesforce } from '@plugboard/provider-salesforce';
import { sentry } from '@plugboard/provider-sentry';
import { shopify } from '@plugboard/provider-shopify';
import { slack } from '@plugboard/provider-slack';
import { stripe } from '@plugboard/provider-stripe';
import { twilio } from '@plugboard/provider-twilio';

export const providers = [
  awsS3(),
  discord(),
  genericOidc(),
  github(),
  gmail(),
  googleAds(),
  googleCalendar(),
  googleDrive(),
  hubspot(),
  klaviyo(),
  mailgun(),
  meta(),
  openai(),
  paypal(),
  plaid(),
  posthog(),
  resend(),
  salesforce(),
  sentry(),
  shopify(),
  slack(),
  stripe(),
  twilio(),
] as const;
