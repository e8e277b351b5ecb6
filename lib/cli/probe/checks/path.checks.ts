import { finding, passed, type ProbeCheck } from '../probe-check.js';
import { named, serves } from '../fallback.js';
import { isOk } from '../probe-answer.js';
import { read } from '../probe-request.js';
import type { ProbeSetup } from '../probe-setup.js';

/** A path, and other spellings of it, some of which one router reads as that path and the guard before it does not. */
export function pathVariants(path: string): string[] {
  const last = path.lastIndexOf('/');
  const [folder, name] = [path.slice(0, last), path.slice(last + 1)];
  const first = path.slice(1);
  const encoded = `%${name.charCodeAt(0).toString(16)}${name.slice(1)}`;
  return [
    ...new Set([
      path,
      `/${path}`,
      `///${first}`,
      `${folder}//${name}`,
      `/./${first}`,
      `/probe/..${path}`,
      `${folder}/./${name}`,
      `${folder}/probe/../${name}`,
      `${folder}/%2e/${name}`,
      `${folder}/probe/%2e%2e/${name}`,
      `${folder}/${encoded}`,
      `${folder}%2f${name}`,
      `${folder}/${name.toUpperCase()}`,
      path.toUpperCase(),
      `${path}/`,
      `${path}//`,
      `${path}.`,
      `${path}.json`,
      `${path};probe`,
      `${folder};probe/${name}`,
      `${path}%20`,
      `${path}%00`,
      `${path}?`,
      `/\\${first}`,
    ]),
  ];
}

/** Whether every way to a guarded route passes its guard. */
export function pathChecks({ target, common }: ProbeSetup): ProbeCheck[] {
  const guarded = [common.me.path, ...target.guarded];
  const others = [...pathVariants(common.me.path).slice(1), ...target.guarded.flatMap(pathVariants)];
  const requests = [
    common.me,
    ...[...others, `${target.auth}/sessions`, `/${target.auth}/sessions`].map((path) => read(path)),
  ];
  const heads = guarded.map((path) => read(path, {}, 'HEAD'));
  return [
    {
      id: 'probe.path-variants',
      title: 'Every spelling of a guarded path is guarded',
      severity: 'refuse',
      source: 'ASVS 5.0 V8.3.1',
      requests: [common.unknown, ...requests, ...heads],
      survivesFailures: true,
      judge: (answers) => {
        const unknown = answers.of(common.unknown);
        const open = [
          ...requests.map((request) => answers.of(request)).filter((answer) => serves(answer, unknown)),
          ...heads.map((request) => answers.of(request)).filter((answer) => isOk(answer) && !isOk(unknown)),
        ];
        if (open.length === 0) return passed({ spellings: requests.length });
        return finding('Guard routes with @Auth() in the application, not by path in a middleware or proxy.', {
          open: open.map(named),
        });
      },
    },
  ];
}
