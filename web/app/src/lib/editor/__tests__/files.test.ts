import { expect, test } from 'vitest';
import { FORMATS, fileNameOf, titleIn } from '../files';

test.each([
  ['tide.twee', ':: StoryTitle\nThe tide clock\n\n:: Start\n', 'The tide clock'],
  ['tide.twee', '\ufeff:: StoryTitle [x]\r\n  The tide clock \r\n', 'The tide clock'],
  ['The quay.twee', ':: Start\nStoryTitle', 'The quay'],
  ['a.b.json', '{"name":"Lamp","passages":[]}', 'Lamp'],
  ['lamp.json', ' {"passages":[]}', 'lamp'],
  ['lamp.json', '{', 'lamp'],
  ['lamp', '', 'lamp'],
])('the title in %s of %j', (name, text, title) => {
  expect(titleIn(name, text)).toBe(title);
});

test.each([
  ['The Tide Clock!', 'the-tide-clock'],
  ['Ä, b', 'a-b'],
  ['../../etc', 'etc'],
  ['灯台', '灯台'],
  ['?!', 'story'],
])('a file for %s', (title, name) => {
  expect(FORMATS.map((format) => fileNameOf(title, format))).toEqual([`${name}.twee`, `${name}.json`]);
});
