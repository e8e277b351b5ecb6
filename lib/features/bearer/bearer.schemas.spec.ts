import { describe, expect, it } from 'vitest';
import { AuthError, type FieldProblem } from '../../errors/auth-error.js';
import { jsonSchemaOf } from '../../http/json-schema.js';
import { readParameters, readTokenGrant, refreshSchema, tokenSchema } from './bearer.schemas.js';

const PASSWORD = { grant_type: 'password', username: 'ada', password: 'x' };

async function problemsOf(body: unknown): Promise<string[]> {
  const error: unknown = await readTokenGrant(body).then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!(error instanceof AuthError)) throw error;
  return (error.body.details as FieldProblem[]).map(({ field, rule }) => `${field} ${rule}`);
}

describe('the parameters of a token request', () => {
  it('are those of the grant: unknown and empty ones are left out', async () => {
    const given = { ...PASSWORD, scope: '', device_token: 'd', code: 1, client_id: ['x'] };
    expect(await readTokenGrant(given)).toEqual({ ...PASSWORD, device_token: 'd' });
    expect(await readTokenGrant({ grant_type: 'refresh_token', refresh_token: 'r', scope: 's', username: 1 })).toEqual({
      grant_type: 'refresh_token',
      refresh_token: 'r',
      scope: 's',
    });
  });

  it('must be there, once, as text', async () => {
    expect(await problemsOf({ grant_type: 'password' })).toEqual(['username required', 'password required']);
    expect(await problemsOf({ ...PASSWORD, scope: ['a', 'b'] })).toEqual(['scope type']);
    expect(await problemsOf({ ...PASSWORD, grant_type: ['password', 'password'] })).toEqual(['grant_type type']);
    expect(await problemsOf({ ...PASSWORD, password: { length: 1 } })).toEqual(['password type']);
  });

  it('name a grant of ours, and nothing of the prototype', async () => {
    for (const grant_type of ['client_credentials', 'constructor', '__proto__', 'toString']) {
      expect(await problemsOf({ ...PASSWORD, grant_type })).toEqual(['grant_type oneOf']);
    }
    const polluted: unknown = JSON.parse('{"__proto__":{"grant_type":"password","username":"a","password":"b"}}');
    expect(await problemsOf(polluted)).toEqual(['grant_type required']);
  });

  it.each([undefined, null, 'grant_type=password', 1, [], [PASSWORD]])('are no %j', async (body) => {
    expect(await problemsOf(body)).toEqual(['grant_type required']);
    await expect(readParameters(refreshSchema, body)).rejects.toMatchObject({ code: 'VALIDATION_FAILED' });
  });

  it('are described with the grants that there are', () => {
    expect(jsonSchemaOf(tokenSchema)).toMatchObject({
      properties: { grant_type: { enum: ['password', 'refresh_token', 'authorization_code'] } },
      required: ['grant_type'],
    });
  });
});
