import { StartUpError } from '../errors/start-up-error.js';

/**
 * @param host one or more hosts, never user or password.
 * @param reason one word that cannot carry a secret.
 */
export function redisUnreachable(host: string, reason: string, option = 'redis.url'): StartUpError {
  return new StartUpError('Redis cannot be used', [
    `redis: nothing usable at ${host} (${reason}). Start Redis there, or correct ${option}.`,
  ]);
}
