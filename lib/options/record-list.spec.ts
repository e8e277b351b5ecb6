import { describe, expect, it } from 'vitest';
import { oneOf, optionalText, required, text } from './fields.js';
import { Problems } from './problems.js';
import { records } from './record-list.js';

const field = records({ name: required(text(''), 'Give it.'), note: optionalText(), kind: oneOf('a', ['a', 'b']) });

function read(value: unknown) {
  const problems = new Problems();
  return { value: field.parse(value, 'things', problems), lines: problems.lines };
}

describe('a list of objects', () => {
  it('is empty when it is left out', () => {
    expect(field.missing('things', new Problems())).toEqual([]);
    expect([field.shownDefault, field.required]).toEqual(['[]', false]);
  });

  it('is read object by object, with defaults', () => {
    expect(read([{ name: 'one' }, { name: 'two', note: 'n', kind: 'b' }])).toEqual({
      value: [
        { name: 'one', note: undefined, kind: 'a' },
        { name: 'two', note: 'n', kind: 'b' },
      ],
      lines: [],
    });
  });

  it.each([{}, 'marker', 7, true, { 0: { name: 'one' }, length: 1 }])('is a list and not %j', (value) => {
    expect(read(value)).toEqual({ value: [], lines: ['things: must be a list.'] });
  });

  it('names whatever is wrong, with its place, and shows no value', () => {
    const { lines } = read([
      { nam: 'marker' },
      'marker',
      null,
      { name: 'x', kind: 'marker' },
      { name: 'x', note: undefined },
    ]);
    expect(lines).toEqual([
      'things[0].nam: is no option. Did you mean things[0].name?',
      'things[0].name: is missing. Give it.',
      'things[1]: must be an object of options.',
      'things[1].name: is missing. Give it.',
      'things[2]: must be an object of options.',
      'things[2].name: is missing. Give it.',
      "things[3].kind: must be one of 'a', 'b'.",
      'things[4].note: is there without a value. Give it one, or leave the key out.',
    ]);
  });
});
