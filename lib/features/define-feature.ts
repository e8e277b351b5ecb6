import type { Provider, Type } from '@nestjs/common';
import type { CheckSource } from '../checklist/check.js';

/** What a feature folder hands up: the module is assembled from these. */
export interface Feature {
  readonly name: string;
  readonly controllers?: readonly Type[];
  readonly providers?: readonly Provider[];
  /** Providers that the application may inject. */
  readonly exports?: readonly Type[];
  readonly entities?: readonly Type[];
  readonly checks?: readonly Type<CheckSource>[];
}

export function defineFeature(feature: Feature): Feature {
  return feature;
}
