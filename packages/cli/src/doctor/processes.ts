/** Live processes: whether each can open what is sealed, and runs the same release. */
import type { Finding } from '../findings.ts';
import type { Board } from '../load-config.ts';

export async function checkProcesses({ operator }: Board): Promise<readonly Finding[]> {
  const about = 'processes';
  const live = await operator.processes();
  if (live.length === 0) {
    const hint =
      'Call board.start() in every process, with { jobs: [] } where it runs none: without it nothing is refreshed in the background, and the rotation of a key cannot know who is behind.';
    return [{ about, status: 'warning', message: 'none is started', hint }];
  }
  return live.map(({ label, id, version, mode, keyIds }): Finding => {
    const name = label ?? id;
    const lacking = operator.keyIds.filter((keyId) => !keyIds.includes(keyId));
    if (lacking.length > 0) {
      const message = `${name} does not know the key${lacking.length === 1 ? '' : 's'} ${lacking.join(', ')}`;
      return { about, status: 'problem', message, hint: 'Deploy this ring there before another key comes first.' };
    }
    const facts = `${mode} mode, core ${version}, seals with ${keyIds[0]}`;
    if (version === operator.version) return { about, status: 'ok', message: `${name}: ${facts}` };
    return {
      about,
      status: 'warning',
      message: `${name}: ${facts}, while this command has ${operator.version}`,
      hint: 'Fine during a deploy.',
    };
  });
}
