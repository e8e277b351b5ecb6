/** Words that stand in samples, tutorials and templates where a secret belongs. Lower case. */
// prettier-ignore
export const SAMPLE_WORDS: readonly string[] = [
  'changeme', 'change-me', 'change_me', 'change me', 'changethis', 'change-this', 'change_this', 'changeit',
  'replaceme', 'replace-me', 'replace_me', 'replace-this', 'replace_this', 'replacethis',
  'yoursecret', 'your-secret', 'your_secret', 'mysecret', 'my-secret', 'my_secret', 'supersecret', 'super-secret',
  'super_secret', 'topsecret', 'top-secret', 'secretkey', 'secret-key', 'secret_key', 'secret', 'password', 'passwort',
  'passphrase', 'example', 'sample', 'default', 'insecure', 'development', 'production', 'staging', 'testing', 'test',
  'dummy', 'placeholder', 'letmein', 'welcome', 'admin', 'keyboard cat', 'keyboardcat', 'keyboard', 'shhhh',
  'correct horse battery staple', 'correcthorsebatterystaple', 'lorem ipsum', 'foobar', 'deadbeef', 'cafebabe',
  'session', 'cookie', 'token', 'gatehouse', 'nestjs', 'jwt', 'auth', 'local', 'random', 'string', 'minimum',
  'characters', 'bytes', 'long', 'please', 'value', 'here', 'your', 'not-for-production', 'do-not-use', 'todo',
];

export const KEYBOARD_ROWS: readonly string[] = [
  '1234567890',
  'qwertyuiop',
  'asdfghjkl',
  'zxcvbnm',
  'qwertzuiop',
  'yxcvbnm',
];

// The letter pairs that make up about three quarters of English text, in order of frequency.
const COMMON_PAIRS = new Set(
  (
    'th he in er an re nd on en at ou ed ha to or it is hi es ng te ti st se ar as nt al le ve me io de ea ' +
    'ne ro co of li ri ll ra ce us ot et ic ow be wh ma la no ch ta fo el so ad ss wi un ly ur ho ca pe om il ' +
    'ai ge wa ac tr sh di em ut ee ns id pr mo oo ie am ec ol po im sa rs su ul ni ke ci nc ts lo ir if rt'
  ).split(' '),
);

const WORD = /^(?:[A-Z]?[a-z]+|[A-Z]+|\d{1,4})$/;

/**
 * Whether a text reads as words: either it is made of separate ones, or its letters follow each other as in a language.
 * Random base64 and hex fall short of both by so much that chance never gets there.
 */
export function looksLikeProse(text: string): boolean {
  const words = text.split(/[\s_.,'-]+/).filter((word) => word !== '');
  const separate = words.length >= 3 && words.every((word) => WORD.test(word));
  const pairs = text
    .split('')
    .slice(1)
    .map((second, index) => text[index]! + second);
  const letterPairs = pairs.filter((pair) => /^(?:[A-Za-z][a-z]|[A-Z]{2})$/.test(pair));
  const common = letterPairs.filter((pair) => COMMON_PAIRS.has(pair.toLowerCase())).length;
  const letters = text.replace(/[^A-Za-z]/g, '').length + words.length - 1;
  return separate ? common >= letterPairs.length * 0.35 : letters >= text.length * 0.9 && common >= pairs.length * 0.5;
}

/** Whether the second letter often follows the first in English. Lower case. */
export function letterPairIsCommon(first: string, second: string): boolean {
  return COMMON_PAIRS.has(first + second);
}
