export type Environment = 'production' | 'development' | 'test';

export type Variables = Readonly<Record<string, string | undefined>>;

/** The rule of Gatehouse itself: a forgotten `NODE_ENV` counts as production as soon as the address is not a loopback one. */
export function environmentOf(variables: Variables): Environment {
  const name = variables['NODE_ENV'];
  if (name === 'production' || name === 'development' || name === 'test') return name;
  return isLoopback(variables['BASE_URL']) ? 'development' : 'production';
}

function isLoopback(baseUrl: string | undefined): boolean {
  if (!baseUrl) return true;
  if (!URL.canParse(baseUrl)) return false;
  const { hostname } = new URL(baseUrl);
  return /^(localhost|.+\.localhost|127(\.\d+){3}|\[::1\])$/.test(hostname);
}
