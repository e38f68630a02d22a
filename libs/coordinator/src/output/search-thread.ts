import { parentPort } from 'node:worker_threads';
import { RE2JS, RE2JSSyntaxException } from 're2js';
import { MitoError } from '@mitosis/domain';
import { LineSearch, type Finder } from './line-search.js';
import type { Expression, FromThread, ToThread } from './search-in-background.js';

/** These mean the ends of the text, even where lines are looked at together. */
const ENDS_OF_TEXT = /\\[Az]|\(\?[a-zA-Z]*-/;

/** Compiles an expression. Throws `RE2JSSyntaxException`. */
export function finderOf({ pattern, syntax, ignoreCase }: Expression): Finder {
  if (syntax === 'text' && !ignoreCase)
    return {
      isIn: (lines) => lines.includes(pattern),
      find(line) {
        const at = line.indexOf(pattern);
        return at < 0 ? undefined : { at, length: pattern.length };
      },
    };
  const source = syntax === 'text' ? RE2JS.quote(pattern) : pattern;
  const flags = ignoreCase ? RE2JS.CASE_INSENSITIVE : 0;
  const ofLine = RE2JS.compile(source, flags);
  const ofLines = RE2JS.compile(source, flags | RE2JS.MULTILINE);
  return {
    isIn: (lines) => ENDS_OF_TEXT.test(source) || ofLines.test(lines),
    find(line) {
      // `test` needs no places, and is many times as fast.
      if (!ofLine.test(line)) return undefined;
      const matcher = ofLine.matcher(line);
      return matcher.find() ? { at: matcher.start(), length: matcher.end() - matcher.start() } : undefined;
    },
  };
}

/** The thread of `searchInBackground`: returns each message with one of its own. */
class SearchThread {
  private finder: Finder | undefined;
  private search: LineSearch | undefined;

  answer(message: ToThread): FromThread {
    try {
      if ('expression' in message) this.finder = finderOf(message.expression);
      else if ('open' in message && this.finder) this.search = new LineSearch(this.finder, message.open);
      else if (!('open' in message) && this.search) return this.look(this.search, message);
      else throw new Error('a message came before what it needs');
      return { found: [], isEnough: false };
    } catch (error) {
      if (error instanceof RE2JSSyntaxException) return { refusal: 'pattern', message: error.message };
      if (error instanceof MitoError) return { refusal: 'output', message: error.message };
      throw error;
    }
  }

  private look(search: LineSearch, message: { readonly chunk: Uint8Array } | { readonly isOver: true }): FromThread {
    const isEnough = 'chunk' in message ? !search.push(message.chunk) : true;
    if ('isOver' in message) search.finish();
    return { found: search.drain(), isEnough, position: search.position };
  }
}

const thread = new SearchThread();
parentPort?.on('message', (message: ToThread) => parentPort?.postMessage(thread.answer(message)));
