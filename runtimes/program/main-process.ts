/** Where the program begins in Node, Bun and Deno: told by its last argument, heard on the standard output. */
import type { Given, Report } from './report.ts';

export async function runProcess(program: (given: Given) => AsyncIterable<Report>): Promise<void> {
  const given = JSON.parse(process.argv.at(-1)!) as Given;
  for await (const line of program(given)) console.log(JSON.stringify(line));
}
