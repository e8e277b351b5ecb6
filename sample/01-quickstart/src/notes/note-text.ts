import { BadRequestException } from '@nestjs/common';

const MOST = 2_000;

/** Reads `{ text }` from a request body, or refuses it in the shape in which Gatehouse refuses its own. */
export function noteText(body: unknown): string {
  const text = typeof body === 'object' && body !== null && 'text' in body ? body.text : undefined;
  if (typeof text !== 'string') throw refusal('type', 'Write the text of the note.');
  const length = [...text.trim()].length;
  if (length < 1 || length > MOST) throw refusal('length', `A note has 1 to ${MOST} characters.`);
  // PostgreSQL stores no NUL.
  if (text.includes('\0')) throw refusal('characters', 'A note cannot contain a NUL character.');
  return text.trim();
}

function refusal(rule: string, message: string): BadRequestException {
  return new BadRequestException({
    statusCode: 400,
    error: 'Bad Request',
    code: 'VALIDATION_FAILED',
    message: 'The request is not valid.',
    details: [{ field: 'text', rule, message }],
  });
}
