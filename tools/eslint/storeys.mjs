import path from 'node:path';
import { FEATURE_GROUPS, FOLDERS, ONLY_IMPORTED_BY } from './storey-order.mjs';

const OUTSIDE = ['test', 'sample', 'tools'];

/** The two-storey rule of `lib/`: a folder imports only folders above it in the list, and no feature another one. */
export const storeys = {
  meta: {
    type: 'problem',
    docs: { description: 'a folder of lib/ imports only the folders above it in tools/eslint/storey-order.mjs' },
    schema: [],
    messages: {
      below: "'{{from}}' must not import '{{to}}': '{{to}}' does not stand above it in tools/eslint/storey-order.mjs.",
      feature: "The feature '{{from}}' must not import the feature '{{to}}': share through the kernel.",
      only: "'{{to}}' is imported by {{by}} alone.",
      outside: "lib/ must not import '{{to}}'.",
      unlisted: "'lib/{{from}}' is missing in tools/eslint/storey-order.mjs.",
      sample: "A sample imports 'nestjs-gatehouse' as its users do, not lib/.",
    },
  },
  create(context) {
    const file = slashed(path.relative(context.cwd, context.filename));
    if (isSpec(file)) return {};
    const check = (node, source) => {
      const problem = judge(file, source?.value);
      if (problem !== undefined) context.report({ node: source ?? node, ...problem });
    };
    return {
      ImportDeclaration: (node) => check(node, node.source),
      ExportNamedDeclaration: (node) => check(node, node.source),
      ExportAllDeclaration: (node) => check(node, node.source),
      ImportExpression: (node) => check(node, node.source),
      TSImportType: (node) => check(node, node.source ?? node.argument?.literal),
    };
  },
};

function judge(file, specifier) {
  if (typeof specifier !== 'string' || !specifier.startsWith('.')) return undefined;
  const target = slashed(path.posix.normalize(path.posix.join(path.posix.dirname(file), specifier)));
  const targetTop = target.split('/')[0];
  if (file.startsWith('sample/')) return targetTop === 'lib' ? { messageId: 'sample' } : undefined;
  if (!file.startsWith('lib/')) return undefined;
  if (OUTSIDE.includes(targetTop)) return { messageId: 'outside', data: { to: target } };
  if (targetTop !== 'lib') return undefined;
  return judgeWithinLib(inLib(file), inLib(target));
}

function judgeWithinLib(from, to) {
  const fromStorey = storeyOf(from);
  const toStorey = storeyOf(to);
  if (!FOLDERS.includes(fromStorey)) return { messageId: 'unlisted', data: { from: fromStorey } };
  const by = ONLY_IMPORTED_BY[to];
  if (by !== undefined && !by.includes(from)) return { messageId: 'only', data: { to, by: by.join(', ') } };
  if (fromStorey === toStorey) return judgeFeatures(from, to);
  if (FOLDERS.indexOf(toStorey) < FOLDERS.indexOf(fromStorey) && FOLDERS.includes(toStorey)) return undefined;
  return { messageId: 'below', data: { from: fromStorey, to: toStorey } };
}

function judgeFeatures(from, to) {
  const [left, right] = [featureOf(from), featureOf(to)];
  if (left === right || right === undefined) return undefined;
  return { messageId: 'feature', data: { from: left ?? 'features', to: right } };
}

/** Name of the feature that a file belongs to; `undefined` for what lies beside the features. */
function featureOf(file) {
  const [folder, ...rest] = file.split('/');
  if (folder !== 'features' || rest.length < 2) return undefined;
  return FEATURE_GROUPS.includes(rest[0]) && rest.length > 2 ? `${rest[0]}/${rest[1]}` : rest[0];
}

const storeyOf = (file) => file.split('/')[0];
const inLib = (file) => file.slice('lib/'.length).replace(/\.js$/, '.ts');
const slashed = (file) => file.replaceAll('\\', '/');
const isSpec = (file) => file.endsWith('.spec.ts');
