import * as v from 'valibot';
import { describe, expect, it } from 'vitest';
import { validate } from './validate.js';

const schema = v.strictObject({
  email: v.pipe(v.string(), v.maxLength(10)),
  rememberMe: v.optional(v.boolean(), false),
  deliver: v.optional(v.picklist(['cookie', 'tokens']), 'cookie'),
});

describe('validate', () => {
  it('answers the value with its defaults', async () => {
    expect(await validate(schema, { email: 'a@b.c' })).toEqual({
      value: { email: 'a@b.c', rememberMe: false, deliver: 'cookie' },
    });
  });

  it('lists every problem at once, by field and rule', async () => {
    const { problems } = await validate(schema, { rememberMe: 'yes', deliver: 'post', extra: 1, more: 2 });
    expect(problems?.map(({ field, rule }) => `${field} ${rule}`).sort()).toEqual([
      'deliver oneOf',
      'email required',
      'extra unknown',
      'more unknown',
      'rememberMe type',
    ]);
  });

  it('knows too long from missing, and no object from an empty one', async () => {
    expect((await validate(schema, { email: 'x'.repeat(11) })).problems).toEqual([
      { field: 'email', rule: 'maxLength', message: 'This is too long.' },
    ]);
    for (const input of [null, [], 'text', 1]) {
      expect((await validate(schema, input)).problems?.length, String(input)).toBeGreaterThan(0);
    }
  });

  it('takes a key of the prototype for what it is: a field that is not known', async () => {
    const { problems } = await validate(schema, JSON.parse('{"email":"a@b.c","__proto__":{"x":1},"constructor":1}'));
    expect(problems?.map(({ field }) => field)).toEqual(['__proto__', 'constructor']);
  });

  it('understands a schema of another library', async () => {
    const { problems } = await validate(
      {
        '~standard': {
          version: 1,
          vendor: 'other',
          validate: () => ({ issues: [{ message: 'No.', path: ['a', { key: 'b' }] }] }),
        },
      },
      {},
    );
    expect(problems).toEqual([{ field: 'a.b', rule: 'invalid', message: 'No.' }]);
  });
});
