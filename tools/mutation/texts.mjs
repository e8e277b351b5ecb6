import { declareValuePlugin, PluginKind } from '@stryker-mutator/api/plugin';

const LOG_METHODS = new Set(['debug', 'error', 'fatal', 'log', 'verbose', 'warn']);
const CHECK_TEXTS = new Set(['change', 'source', 'title']);
const isText = (path) => path.isStringLiteral() || path.isTemplateLiteral();
const isLog = ({ callee }) =>
  callee.type === 'MemberExpression' &&
  LOG_METHODS.has(callee.property.name) &&
  /log(?:ger)?$/i.test(nameOf(callee.object));

function nameOf(node) {
  if (node.type === 'MemberExpression') return nameOf(node.property);
  return node.type === 'PrivateName' ? node.id.name : (node.name ?? '');
}

/**
 * Not mutated, because a test of it would only write it out once more: the wording of an error, of a line of the log and of
 * a check, which people read and nothing decides by; and decorators, which the databases of `npm test` judge.
 */
export const strykerPlugins = [
  declareValuePlugin(PluginKind.Ignore, 'texts', {
    shouldIgnore(path) {
      if (path.isDecorator()) return 'a decorator';
      if (path.isCallExpression() && isLog(path.node)) return 'a line of the log';
      if (!isText(path)) return undefined;
      const { parentPath: parent } = path;
      if (parent.isNewExpression() && /(?:Error|Exception)$/.test(nameOf(parent.node.callee)))
        return 'the wording of an error';
      if (parent.isObjectProperty() && CHECK_TEXTS.has(nameOf(parent.node.key))) return 'the wording of a check';
      return undefined;
    },
  }),
];
