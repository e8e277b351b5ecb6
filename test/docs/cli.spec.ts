import type { Command } from 'commander';
import { describe, expect, it } from 'vitest';
import { EXIT } from '../../lib/cli/exit-codes.js';
import { gatehouseProgram } from '../../lib/cli/program.js';
import { codeBlocks, page, rowsUnder } from './pages.js';

const PAGE = page('docs/cli.md');

/** Every command and what stands below it, by what one types. */
function commandsOf(program: Command, before = ''): readonly (readonly [string, Command])[] {
  return program.commands.flatMap((command) => {
    const name = `${before}${command.name()}`;
    return [[name, command] as const, ...commandsOf(command, `${name} `)];
  });
}

const commands = commandsOf(gatehouseProgram());

function helpOf(command: Command): string {
  let text = '';
  command.configureOutput({ writeOut: (part) => (text += part) });
  command.outputHelp();
  return text;
}

/** The text of a command on its page, up to the next heading. */
function section(name: string): string {
  return PAGE.text.split(/^#{2,3} /m).find((part) => part.startsWith(`${name}\n`)) ?? '';
}

it('docs/cli.md has every command, in the order of the help, and no other', () => {
  const titles = [...PAGE.text.matchAll(/^#{2,3} (.+)$/gm)].map(([, title]) => title);
  expect(titles).toEqual(commands.map(([name]) => name));
});

it('docs/cli.md has every exit code', () => {
  expect(rowsUnder(PAGE, 'exit code').map(([code]) => Number(code))).toEqual(Object.values(EXIT));
});

describe.each(commands)('gatehouse %s', (name, command) => {
  const text = section(name);

  it('is on its page as it is used, with every option and its default', () => {
    expect(codeBlocks({ file: PAGE.file, text }, 'sh').map(({ code }) => code.trim())).toEqual([
      `gatehouse ${name} ${command.usage()}`,
    ]);
    const rows = rowsUnder({ file: PAGE.file, text }, 'option').filter(([flags]) => flags !== '');
    const shown = command.options.filter(({ hidden }) => !hidden);
    expect(rows.map(([flags]) => flags)).toEqual(shown.map(({ flags }) => flags));
    for (const { flags, defaultValue } of shown) {
      const single = typeof defaultValue === 'string' || typeof defaultValue === 'number' ? String(defaultValue) : '';
      expect(rows.find(([listed]) => listed === flags)?.[1], flags).toContain(single);
    }
  });

  it('teaches in its help: what it does, its arguments, an example, how it ends', () => {
    const help = helpOf(command);
    expect(command.description()).not.toBe('');
    for (const { description } of [
      ...command.registeredArguments,
      ...command.options.filter(({ hidden }) => !hidden),
    ]) {
      expect(description).not.toBe('');
    }
    expect(help).toMatch(/^Examples?:/m);
    expect(help).toMatch(/\$ .*gatehouse/);
    expect(help).toMatch(/^Exit codes?:/m);
  });
});
