/** Loads packages one by one. */
import { report, type Report } from './report.ts';

type Load = readonly [name: string, load: () => Promise<object>];

export async function* runLoads(loads: readonly Load[]): AsyncGenerator<Report> {
  for (const [name, load] of loads) {
    yield report({
      name: `loads ${name}`,
      async run() {
        if (Object.keys(await load()).length === 0) throw new Error('it exports nothing');
      },
    });
  }
}
