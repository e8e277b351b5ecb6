import js from '@eslint/js';
import { defineConfig } from 'eslint/config';
import { createNodeResolver, importX } from 'eslint-plugin-import-x';
import globals from 'globals';
import tseslint from 'typescript-eslint';
import { gatehouse } from './tools/eslint/plugin.mjs';

const SPECS = ['**/*.spec.ts', '**/*.proof.ts'];
const TYPESCRIPT = ['**/*.ts'];

export default defineConfig(
  { ignores: ['**/dist/**', '**/coverage/**', '**/.data/**'] },
  { linterOptions: { reportUnusedDisableDirectives: 'error' } },
  js.configs.recommended,
  {
    plugins: { gatehouse, 'import-x': importX },
    settings: {
      'import-x/extensions': ['.ts', '.mjs', '.js'],
      'import-x/parsers': { '@typescript-eslint/parser': ['.ts'] },
      'import-x/resolver-next': [
        createNodeResolver({
          extensions: ['.ts', '.mjs', '.js'],
          extensionAlias: { '.js': ['.ts', '.js'], '.mjs': ['.mts', '.mjs'] },
        }),
      ],
      // Packages are no part of a circle of ours, and reading them is most of the work.
      'import-x/external-module-folders': ['node_modules'],
    },
    rules: {
      eqeqeq: 'error',
      'gatehouse/no-enter-with': 'error',
      'gatehouse/no-math-random': 'error',
      'gatehouse/storeys': 'error',
    },
  },
  {
    files: ['**/*.{js,mjs,cjs}'],
    ignores: ['sample/*/public/**'],
    languageOptions: { globals: globals.node },
  },
  {
    files: ['sample/*/public/**/*.{js,mjs}'],
    languageOptions: { globals: globals.browser },
  },
  {
    files: TYPESCRIPT,
    extends: [tseslint.configs.recommendedTypeChecked],
    languageOptions: { parserOptions: { project: './tsconfig.json', tsconfigRootDir: import.meta.dirname } },
    rules: {
      'gatehouse/compiles': 'error',
      // Ports and hooks are promises by contract, also where one implementation has nothing to wait for.
      '@typescript-eslint/require-await': 'off',
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', ignoreRestSiblings: true }],
    },
  },
  {
    files: ['lib/**/*.ts'],
    rules: {
      'gatehouse/no-top-level-await': 'error',
      'import-x/no-cycle': ['error', { ignoreExternal: true }],
      'import-x/no-default-export': 'error',
    },
  },
  {
    files: ['lib/**/*.ts'],
    ignores: SPECS,
    rules: { 'gatehouse/database-door': 'error', 'gatehouse/injected-clock': 'error' },
  },
  { files: ['lib/database/**/*.ts'], rules: { 'gatehouse/database-door': 'off' } },
  { files: ['lib/common/clock.ts'], rules: { 'gatehouse/injected-clock': 'off' } },
  {
    // Specs look at answers whose type nobody promised: JSON bodies, rows, captured log lines.
    files: [...SPECS, 'test/**/*.ts'],
    rules: {
      'gatehouse/no-skipped-tests': 'error',
      '@typescript-eslint/no-explicit-any': 'off',
      '@typescript-eslint/no-unsafe-argument': 'off',
      '@typescript-eslint/no-unsafe-assignment': 'off',
      '@typescript-eslint/no-unsafe-call': 'off',
      '@typescript-eslint/no-unsafe-member-access': 'off',
      '@typescript-eslint/no-unsafe-return': 'off',
      '@typescript-eslint/unbound-method': 'off',
    },
  },
);
