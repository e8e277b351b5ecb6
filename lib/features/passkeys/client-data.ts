/** What the browser has put its name to: the challenge that it answered, and the page that asked (WebAuthn §5.8.1). */
export interface ClientData {
  /** Base64url. */
  readonly challenge: string;
  readonly origin: string;
  /** Whether the page stood in a frame of another site. */
  readonly crossOrigin: boolean;
}

/** `undefined` for what is no client data. Nothing of it is trusted before the signature over it is verified. */
export function readClientData(encoded: string): ClientData | undefined {
  let data: unknown;
  try {
    data = JSON.parse(Buffer.from(encoded, 'base64url').toString('utf8'));
  } catch {
    return undefined;
  }
  if (typeof data !== 'object' || data === null) return undefined;
  const { challenge, origin, crossOrigin } = data as Readonly<Record<string, unknown>>;
  if (typeof challenge !== 'string' || typeof origin !== 'string') return undefined;
  return { challenge, origin, crossOrigin: crossOrigin !== undefined && crossOrigin !== false };
}
