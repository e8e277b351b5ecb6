import { inspect } from 'node:util';
import { AuthSettings } from './auth-settings.js';

/** Everything that the settings hold, as data. */
export type SettingsData = { readonly [K in keyof AuthSettings]: AuthSettings[K] };

/** Makes settings that neither change nor show themselves in a log: they carry the secrets. */
export function settingsOf(data: SettingsData): AuthSettings {
  return Object.freeze(Object.assign(Object.create(HiddenSettings.prototype) as HiddenSettings, data));
}

abstract class HiddenSettings extends AuthSettings {
  toJSON(): string {
    return 'AuthSettings';
  }

  [inspect.custom](): string {
    return 'AuthSettings';
  }
}
