import { BadRequestException } from '@nestjs/common';

const LONGEST_ITEM = 200;
const MOST = 1_000;

export interface OrderInput {
  readonly item: string;
  readonly quantity: number;
}

/** Reads `{ item, quantity }` from a request body, or refuses it in the shape in which Gatehouse refuses its own. */
export function orderInput(body: unknown): OrderInput {
  const { item, quantity } = (typeof body === 'object' && body !== null ? body : {}) as Record<string, unknown>;
  const details: object[] = [];
  // PostgreSQL stores no NUL.
  if (typeof item !== 'string' || !/^[^\0]+$/u.test(item.trim()) || item.length > LONGEST_ITEM) {
    details.push({
      field: 'item',
      rule: 'length',
      message: `Name what is ordered, in 1 to ${LONGEST_ITEM} characters.`,
    });
  }
  if (!Number.isInteger(quantity) || Number(quantity) < 1 || Number(quantity) > MOST) {
    details.push({ field: 'quantity', rule: 'range', message: `Order 1 to ${MOST}.` });
  }
  if (details.length === 0) return { item: String(item).trim(), quantity: Number(quantity) };
  throw new BadRequestException({
    statusCode: 400,
    error: 'Bad Request',
    code: 'VALIDATION_FAILED',
    message: 'The request is not valid.',
    details,
  });
}
