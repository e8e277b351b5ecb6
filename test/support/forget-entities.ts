/**
 * `@nestjs/typeorm` keeps one list of entities for a process, for `autoLoadEntities`. Specs that share a process each begin
 * with an empty one, so that none meets the entities of another. The package does not export the list.
 */
const list = new URL('entities-metadata.storage.js', import.meta.resolve('@nestjs/typeorm'));
const { EntitiesMetadataStorage } = (await import(list.href)) as {
  readonly EntitiesMetadataStorage: { readonly storage: Map<string, unknown> };
};
EntitiesMetadataStorage.storage.clear();
