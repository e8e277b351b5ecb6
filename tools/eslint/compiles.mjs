import ts from 'typescript';

/** What the compiler says of a file, out of the program that rules with types have had made: nothing is checked twice. */
export const compiles = {
  meta: { type: 'problem', docs: { description: 'TypeScript compiles' }, schema: [] },
  create(context) {
    const { program, esTreeNodeToTSNodeMap } = context.sourceCode.parserServices;
    return {
      Program(node) {
        const source = esTreeNodeToTSNodeMap.get(node);
        for (const { start, messageText, code } of program.getSemanticDiagnostics(source)) {
          const message = `TS${code}: ${ts.flattenDiagnosticMessageText(messageText, '\n')}`;
          context.report({ loc: context.sourceCode.getLocFromIndex(start ?? 0), message });
        }
      },
    };
  },
};
