/** A JSON Schema of OpenAPI 3. */
export type JsonSchema = Readonly<Record<string, unknown>>;

/** The part of a valibot schema that is read; the same for every version 1. */
interface SchemaNode {
  readonly type: string;
  readonly kind?: string;
  readonly entries?: Readonly<Record<string, SchemaNode>>;
  readonly wrapped?: SchemaNode;
  readonly item?: SchemaNode;
  readonly options?: readonly unknown[];
  readonly literal?: unknown;
  readonly requirement?: unknown;
  readonly pipe?: readonly SchemaNode[];
}

const PLAIN: Readonly<Record<string, JsonSchema>> = {
  string: { type: 'string' },
  number: { type: 'number' },
  boolean: { type: 'boolean' },
  date: { type: 'string', format: 'date-time' },
};

const FORMATS: Readonly<Record<string, string>> = {
  email: 'email',
  uuid: 'uuid',
  url: 'uri',
  iso_timestamp: 'date-time',
};
const LIMITS: Readonly<Record<string, string>> = {
  min_length: 'minLength',
  max_length: 'maxLength',
  min_value: 'minimum',
  max_value: 'maximum',
};
const OPTIONAL: ReadonlySet<string> = new Set(['optional', 'nullish', 'exact_optional', 'undefinedable']);
const NULLABLE: ReadonlySet<string> = new Set(['nullable', 'nullish']);

/**
 * What a body schema means to a reader of API docs. Knows the valibot schemas that request bodies are made of; for any
 * other schema, and for parts it does not know, it says nothing.
 */
export function jsonSchemaOf(schema: unknown): JsonSchema | undefined {
  const node = schema as SchemaNode | undefined;
  return node?.kind === 'schema' && node.entries !== undefined ? convert(node) : undefined;
}

function convert(node: SchemaNode): JsonSchema {
  const refinements = (node.pipe ?? []).slice(1).flatMap(refinement);
  return Object.assign({}, shape(node), ...refinements) as JsonSchema;
}

function shape(node: SchemaNode): JsonSchema {
  if (node.entries !== undefined) return objectShape(node.type, node.entries);
  if (node.wrapped !== undefined)
    return { ...convert(node.wrapped), ...(NULLABLE.has(node.type) ? { nullable: true } : {}) };
  if (node.item !== undefined) return { type: 'array', items: convert(node.item) };
  if (node.type === 'literal') return { enum: [node.literal] };
  if (node.type === 'picklist') return { enum: node.options };
  if (node.type === 'union') return { oneOf: (node.options as readonly SchemaNode[]).map(convert) };
  return PLAIN[node.type] ?? {};
}

function objectShape(type: string, entries: Readonly<Record<string, SchemaNode>>): JsonSchema {
  const required = Object.keys(entries).filter((key) => !OPTIONAL.has(entries[key]!.type));
  return {
    type: 'object',
    properties: Object.fromEntries(Object.entries(entries).map(([key, entry]) => [key, convert(entry)])),
    ...(required.length === 0 ? {} : { required }),
    ...(type === 'strict_object' ? { additionalProperties: false } : {}),
  };
}

function refinement({ type, requirement }: SchemaNode): readonly JsonSchema[] {
  const format = FORMATS[type];
  if (format !== undefined) return [{ format }];
  const limit = LIMITS[type];
  return limit !== undefined && typeof requirement === 'number' ? [{ [limit]: requirement }] : [];
}
