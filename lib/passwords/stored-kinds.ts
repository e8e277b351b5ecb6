const LONGEST_ID = 16;
/** `$gatehouse$v=1,` */
const ID_AT = 16;

/** Schemes of hashes that came out of another application. */
export type ImportedKind = 'bcrypt' | 'scrypt' | 'argon2';

export const KIND_OF_PEPPER = /^p=([\w-]{1,16})$/;

/**
 * SQL of what kind of stored password a column holds: `p=<id>` with a pepper, `ours` without, the scheme of an imported
 * one, or `other`. `LIKE` and `SUBSTR` mean the same in every database; each length of an id is a pattern of its own.
 */
export function kindSql(path: string): string {
  const peppers = Array.from({ length: LONGEST_ID }, (_, index) => {
    const pattern = `$gatehouse$v=1,p=${'_'.repeat(index + 1)}$%`;
    return `WHEN ${path} LIKE '${pattern}' THEN SUBSTR(${path}, ${ID_AT}, ${index + 3})`;
  });
  return (
    `CASE WHEN ${path} LIKE '$gatehouse$v=1$%' THEN 'ours' ${peppers.join(' ')} ` +
    `WHEN ${path} LIKE '$2_$%' THEN 'bcrypt' WHEN ${path} LIKE '$scrypt$%' THEN 'scrypt' ` +
    `WHEN ${path} LIKE '$argon2%' THEN 'argon2' ELSE 'other' END`
  );
}

/** SQL of whether argon2 is needed to check it: 1 or 0. */
export function argon2Sql(path: string): string {
  const patterns = ['$argon2%', '$gatehouse$v=1$argon2%', '$gatehouse$v=1,p=%$argon2%'];
  return `CASE WHEN ${patterns.map((pattern) => `${path} LIKE '${pattern}'`).join(' OR ')} THEN 1 ELSE 0 END`;
}
