import { RedisScript } from './redis-script.js';

/** KEYS[1]; expected, value, ttl ms. Answers 1 when it was replaced. */
export const COMPARE_AND_SET = new RedisScript(`
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3])
return 1
`);

/** KEYS[1]; limit, window ms. Answers { allowed, remaining, reset ms }. A refused hit writes nothing. */
export const CONSUME = new RedisScript(`
local limit = tonumber(ARGV[1])
local hits = tonumber(redis.call('GET', KEYS[1]) or '0')
local left = redis.call('PTTL', KEYS[1])
if left < 0 then left = tonumber(ARGV[2]) end
if hits >= limit then return { 0, 0, math.max(left, 1) } end
if hits == 0 then
  redis.call('SET', KEYS[1], '1', 'PX', ARGV[2])
else
  redis.call('INCR', KEYS[1])
end
return { 1, limit - hits - 1, math.max(left, 1) }
`);

const NOW = `
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local function text(number) return string.format('%.0f', number) end
`;

/** The arithmetic of lockout-budget.ts: what is over is gone, and the window takes unsettled reservations along. */
const LOCKOUT = `
${NOW}
local limit, windowMs = tonumber(ARGV[1]), tonumber(ARGV[2])
local stored = redis.call('HMGET', KEYS[1], 'failures', 'inFlight', 'windowEndsAt', 'round', 'roundsUntil', 'lockedUntil')
local failures, inFlight, windowEndsAt = tonumber(stored[1] or 0), tonumber(stored[2] or 0), tonumber(stored[3] or 0)
local round, roundsUntil, lockedUntil = tonumber(stored[4] or 0), tonumber(stored[5] or 0), tonumber(stored[6] or 0)
if windowEndsAt <= now then failures, inFlight, windowEndsAt = 0, 0, 0 end
if roundsUntil <= now then round, roundsUntil = 0, 0 end
if lockedUntil <= now then lockedUntil = 0 end
local function save()
  if failures + inFlight == 0 then
    windowEndsAt = 0
    if round == 0 and lockedUntil == 0 then redis.call('DEL', KEYS[1]) return end
  elseif windowEndsAt == 0 then
    windowEndsAt = now + windowMs
  end
  redis.call('HSET', KEYS[1], 'failures', text(failures), 'inFlight', text(inFlight), 'windowEndsAt', text(windowEndsAt),
    'round', text(round), 'roundsUntil', text(roundsUntil), 'lockedUntil', text(lockedUntil))
  redis.call('PEXPIREAT', KEYS[1], text(math.max(windowEndsAt, roundsUntil, lockedUntil)))
end
`;

/** KEYS[1]; limit, window ms. Answers { 0, 1 locked or 2 exhausted, retry after ms } or { 1, 0, the window }. */
export const LOCKOUT_BEGIN = new RedisScript(`
${LOCKOUT}
if lockedUntil > 0 then return { 0, 1, lockedUntil - now } end
if failures + inFlight >= limit then return { 0, 2, 1000 } end
inFlight = inFlight + 1
save()
return { 1, 0, windowEndsAt }
`);

/**
 * KEYS[1]; limit, window ms, outcome, lock ms, longest lock ms, rounds remembered ms, the window of the reservation or
 * nothing. Answers the length of a new lock.
 */
export const LOCKOUT_END = new RedisScript(`
${LOCKOUT}
local lockedForMs = 0
if ARGV[7] == '' or tonumber(ARGV[7]) == windowEndsAt then inFlight = math.max(0, inFlight - 1) end
if ARGV[3] == 'wrong' then
  failures = failures + 1
  if failures >= limit then
    lockedForMs = math.min(tonumber(ARGV[5]), tonumber(ARGV[4]) * 2 ^ math.min(round, 30))
    failures = 0
    round = round + 1
    roundsUntil = now + tonumber(ARGV[6])
    lockedUntil = now + lockedForMs
  end
end
save()
return lockedForMs
`);

/** The arithmetic of bucket-budget.ts: a reservation is charged when it begins and given back unless it failed. */
const BUCKET = `
${NOW}
local limit, refillMs = tonumber(ARGV[1]), tonumber(ARGV[2])
local stored = redis.call('HMGET', KEYS[1], 'drainedAt', 'inFlight')
local drainedAt, inFlight = tonumber(stored[1] or 0), tonumber(stored[2] or 0)
if drainedAt <= now then drainedAt, inFlight = now, 0 end
inFlight = math.min(inFlight, math.ceil((drainedAt - now) / refillMs))
local function save()
  if drainedAt <= now then redis.call('DEL', KEYS[1]) return end
  redis.call('HSET', KEYS[1], 'drainedAt', text(drainedAt), 'inFlight', text(inFlight))
  redis.call('PEXPIREAT', KEYS[1], text(drainedAt))
end
`;

/** KEYS[1]; limit, refill ms. Answers { allowed, 2 exhausted, retry after ms }. */
export const BUCKET_BEGIN = new RedisScript(`
${BUCKET}
local overflowMs = drainedAt - now + refillMs - limit * refillMs
if overflowMs > 0 then
  if overflowMs <= inFlight * refillMs then return { 0, 2, 1000 } end
  return { 0, 2, overflowMs }
end
drainedAt = drainedAt + refillMs
inFlight = inFlight + 1
save()
return { 1, 0, 0 }
`);

/** KEYS[1]; limit, refill ms, outcome. */
export const BUCKET_END = new RedisScript(`
${BUCKET}
local charged = inFlight > 0
if charged then inFlight = inFlight - 1 end
if ARGV[3] == 'wrong' and not charged then drainedAt = drainedAt + refillMs end
if ARGV[3] ~= 'wrong' and charged then drainedAt = drainedAt - refillMs end
save()
return 0
`);
