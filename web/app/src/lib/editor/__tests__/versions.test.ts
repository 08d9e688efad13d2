import type { DocPassage, DocPassageDiff, DocTextRun } from '@storywire/client';
import { describe, expect, it } from 'vitest';
import { changesSince, excerpt, otherChanges, summaryOf } from '../versions';

const passage = (name: string, tags: string[] = []): DocPassage => ({
  id: '1',
  name,
  body: '',
  tags,
  pos: [0, 0],
  size: [1, 1],
  trashedAt: null,
});

const diff = (now: DocPassage | null, then: DocPassage | null, text: DocTextRun[] = []): DocPassageDiff => ({
  id: '1',
  change: 'changed',
  now,
  then,
  text,
});

const one = (entry: DocPassageDiff) => changesSince({ passages: [entry] })[0];

describe('changes since a version', () => {
  it('turns what a restore would do into what has happened', () => {
    const text: DocTextRun[] = [
      { op: '=', text: 'The ' },
      { op: '-', text: 'red' },
      { op: '+', text: 'old' },
      { op: '=', text: ' lamp' },
      { op: '-', text: '.' },
    ];
    expect(one(diff(passage('A'), passage('A'), text))?.runs).toEqual([
      { op: '=', text: 'The ' },
      { op: '-', text: 'old' },
      { op: '+', text: 'red' },
      { op: '=', text: ' lamp' },
      { op: '+', text: '.' },
    ]);
  });

  it('tells what is new, gone, renamed and tagged', () => {
    expect(one(diff(passage('A'), null))).toMatchObject({ kind: 'new', name: 'A', was: null });
    expect(one(diff(null, passage('B')))).toMatchObject({ kind: 'gone', name: 'B', was: null });
    const both = one(diff(passage('C', ['end', 'sea']), passage('D', ['sea', 'timer:9'])));
    expect(both).toMatchObject({
      kind: 'changed',
      name: 'C',
      was: 'D',
      newTags: ['end'],
      goneTags: ['timer:9'],
    });
  });

  it('counts them in words', () => {
    const [changed, added, gone] = [
      diff(passage('A'), passage('A')),
      diff(passage('B'), null),
      diff(null, passage('C')),
    ];
    expect(summaryOf([])).toBe('No passage has changed since then.');
    expect(summaryOf(changesSince({ passages: [changed] }))).toBe('1 passage changed since then.');
    expect(summaryOf(changesSince({ passages: [changed, changed, added, gone] }))).toBe(
      '2 passages changed, 1 new, 1 gone since then.',
    );
    expect(otherChanges({ fields: [] })).toBeNull();
    expect(otherChanges({ fields: ['title', 'start', 'vars'] })).toBe(
      'Also changed: the title, where the story begins, and variables.',
    );
  });
});

describe('excerpt', () => {
  const long = `${'once upon a time '.repeat(20)}the end`;
  it('keeps what changed and the words next to it', () => {
    const runs = excerpt([
      { op: '=', text: long },
      { op: '+', text: long },
      { op: '=', text: long },
      { op: '-', text: 'x' },
      { op: '=', text: long },
    ]);
    expect(runs[0]?.text).toMatch(/^… [a-z ]{30,60}the end$/);
    expect(runs[1]?.text).toBe(long);
    expect(runs[2]?.text).toMatch(/^once [a-z ]{30,60} … [a-z ]{30,60}the end$/);
    expect(runs[4]?.text).toMatch(/^once [a-z ]{30,60} … $/);
  });

  it('leaves short texts whole', () => {
    const runs: DocTextRun[] = [
      { op: '=', text: 'The lamp ' },
      { op: '+', text: 'burns' },
      { op: '=', text: '.' },
    ];
    expect(excerpt(runs)).toEqual(runs);
  });
});
