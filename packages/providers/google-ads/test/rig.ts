import { createGoogleRig, target } from '../../../google/test/rig.ts';
import { googleAds } from '../src/index.ts';

export { target, textLike } from '../../../google/test/rig.ts';

interface RigOptions {
  readonly developerToken?: string;
  readonly apiVersion?: string;
  readonly env?: Record<string, string>;
}

/** A board whose vendor is the emulator, which connects up to the choice of an account where there are several. */
export function createRig({ env = {}, ...app }: RigOptions = {}) {
  const rig = createGoogleRig(googleAds, { ...app }, { env });
  const { authorize, board, sent } = rig;
  return {
    ...rig,
    async connect(accountId = '1234567890') {
      const { status } = await authorize();
      if (status === 'choose_account') await board.accounts.choose('google-ads', { ...target, accountId });
      sent.length = 0;
      return board.connections.get('google-ads', target);
    },
    configure: (settings: Record<string, string | boolean | Record<string, string>>) =>
      board.settings.update('google-ads', { ...target, settings }),
  };
}
