/** Every vendor of this repository. Written by `pnpm docs:write`. */
import { googleAds } from '@plugboard/provider-google-ads';
import { klaviyo } from '@plugboard/provider-klaviyo';
import { meta } from '@plugboard/provider-meta';
import { resend } from '@plugboard/provider-resend';
import { slack } from '@plugboard/provider-slack';
import { twilio } from '@plugboard/provider-twilio';

export const providers = [googleAds(), klaviyo(), meta(), resend(), slack(), twilio()] as const;
