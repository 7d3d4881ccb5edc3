/** Is the answer that an endpoint declares one that the description promises? */
import type { Json } from '@plugboard/core';

import type { DescribedAnswer, Description, FoundOperation } from './description.ts';

export interface DeclaredAnswer {
  readonly status: number;
  readonly body: Json | undefined;
  /** Members that the description requires may be missing. */
  readonly excerpt?: boolean;
}

export function checkAnswerExample(
  answer: DeclaredAnswer,
  description: Description,
  { operation }: FoundOperation,
): string[] {
  const { answers } = operation;
  if (answers === undefined) return [];
  const described = answerFor(answers, answer.status);
  if (described === undefined) {
    return [`status ${answer.status} is not described: ${answers.map(({ status }) => status).join(', ')}`];
  }
  const { bodies } = described;
  if (answer.body === undefined) {
    return bodies.length > 0 && answer.status !== 204
      ? [`a body is described for status ${answer.status}, the example has none`]
      : [];
  }
  if (bodies.length === 0) return [`no body is described for status ${answer.status}, the example has one`];
  if (typeof answer.body === 'string') return [];
  const json = bodies.find(({ mediaType }) => mediaType.includes('json') || mediaType === '*/*');
  if (json === undefined) return [`no JSON is described for status ${answer.status}`];
  if (json.schema === undefined) return [];
  return description
    .check(json.schema, { side: 'answer', ...(answer.excerpt && { excerpt: true }) })(answer.body)
    .map((problem) => `answer ${problem}`);
}

/** The answer for exactly this status, else for its hundred, else the one for all others. */
function answerFor(answers: readonly DescribedAnswer[], status: number): DescribedAnswer | undefined {
  const names = [String(status), `${Math.floor(status / 100)}XX`, 'DEFAULT'];
  return names.map((name) => answers.find((answer) => answer.status === name)).find((answer) => answer !== undefined);
}
