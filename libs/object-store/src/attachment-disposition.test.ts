import test from 'ava';
import fc from 'fast-check';
import { attachmentDisposition } from './attachment-disposition.js';

const cases: readonly (readonly [name: string, ascii: string, encoded: string])[] = [
  ['result.tar.gz', 'result.tar.gz', 'result.tar.gz'],
  ['a b (1).txt', 'a b (1).txt', 'a%20b%20%281%29.txt'],
  ['Übung "1".pdf', '_bung _1_.pdf', '%C3%9Cbung%20%221%22.pdf'],
  ['100%.txt', '100_.txt', '100%25.txt'],
  ['../../etc/passwd', '.._.._etc_passwd', '.._.._etc_passwd'],
  ['C:\\x', 'C__x', 'C__x'],
  ['a\r\nb: c', 'ab_ c', 'ab_%20c'],
  ['\u202egpj.exe', 'gpj.exe', 'gpj.exe'],
  ['😀', '_', '%F0%9F%98%80'],
  ['\ud800x', '_x', '_x'],
  ['', 'download', 'download'],
  [' .. ', 'download', 'download'],
];

for (const [name, ascii, encoded] of cases) {
  test(`${JSON.stringify(name)} is saved as ${ascii}`, (t) => {
    t.is(attachmentDisposition(name), `attachment; filename="${ascii}"; filename*=UTF-8''${encoded}`);
  });
}

test('any text gives a header of safe characters, of bounded length', (t) => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 400 }), (name) => {
      const header = attachmentDisposition(name);
      return (
        header.length < 3000 &&
        /^attachment; filename="[\x20-\x7e]*"; filename\*=UTF-8''[A-Za-z0-9%._~-]+$/.test(header)
      );
    }),
  );
  t.pass();
});
