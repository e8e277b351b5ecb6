/** More than any provider's code or error has. */
const LONGEST = 4_096;
const POSTED = ['code', 'state', 'iss', 'error'];

/**
 * The parameters of an answer to an authorization request. One that stands twice stays twice, and is refused for it
 * (RFC 6749 §3.1); whatever is no text is left out.
 */
export function answerOf(query: unknown): URLSearchParams {
  const answer = new URLSearchParams();
  for (const [name, value] of Object.entries({ ...(query as object) })) {
    const values: readonly unknown[] = Array.isArray(value) ? value : [value];
    for (const text of values) {
      if (typeof text === 'string' && text.length <= LONGEST) answer.append(name, text);
    }
  }
  return answer;
}

/** What of a form goes on in the address. */
export function postedAnswerOf(body: unknown): URLSearchParams {
  const given = answerOf(typeof body === 'object' ? body : {});
  return new URLSearchParams([...given].filter(([name]) => POSTED.includes(name)));
}
