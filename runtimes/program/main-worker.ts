/** Where the program begins in workerd: told by the body of a request, heard in its answer. */
import type { Given, Report } from './report.ts';

export function workerOf(program: (given: Given) => AsyncIterable<Report>) {
  return {
    async fetch(request: Request): Promise<Response> {
      const lines: string[] = [];
      for await (const line of program((await request.json()) as Given)) lines.push(JSON.stringify(line));
      return new Response(lines.join('\n'));
    },
  };
}
