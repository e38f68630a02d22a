import test from 'ava';
import { spreadLists } from './list-words.js';

const spread = (line: string): string => spreadLists(line.split(' ')).join(' ');

test('words of a list before -- get its option; what stands behind -- stays', (t) => {
  t.is(spread('tasks submit -t a b -l x y z -- cmd -t a b'), 'tasks submit -t a -t b -l x -l y -l z -- cmd -t a b');
  t.is(spread('tasks submit -e A=1 B=2 --terminal -- cmd'), 'tasks submit -e A=1 -e B=2 --terminal -- cmd');
  t.is(spread('tasks submit -t a cmd -t b'), 'tasks submit -t a cmd -t b');
  t.is(spread('tasks submit --name a b -- cmd'), 'tasks submit --name a b -- cmd');
  t.is(spread('tasks submit --tags=a -- cmd'), 'tasks submit --tags=a -- cmd');
});
