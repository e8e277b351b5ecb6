/** A stored hash that has been understood. */
export interface SchemeHash {
  /** Scheme and cost, without the salt: hashes with the same parameters take as long. */
  readonly parameters: string;

  /** Whether the input made this hash. */
  matches(input: string): Promise<boolean>;
}

/** A way to store passwords, as the text of its hashes tells. */
export interface PasswordScheme {
  /** `undefined`: of another scheme, malformed, or dearer than a stored text may ask for. */
  read(text: string): SchemeHash | undefined;
}

/** A hash and its salt as the PHC string format writes them: base64 without padding. */
export function base64(bytes: Buffer): string {
  return bytes.toString('base64').replace(/(?<!=)=+$/, '');
}
