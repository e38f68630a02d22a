import { invalidField, wordsOf } from '@mitosis/domain';

/** A line at the head of a script that says an option: `#MITO --gpus 1` or `#SBATCH --time=10:00`. */
export interface DirectiveLine {
  readonly line: number;
  readonly words: readonly string[];
}

export interface ScriptHead {
  readonly mito: readonly DirectiveLine[];
  readonly sbatch: readonly DirectiveLine[];
  /** Lines of either kind below the first command: they have no effect. */
  readonly late: readonly { readonly line: number; readonly text: string }[];
}

const DIRECTIVE = /^#(MITO|SBATCH)(?=\s|$)\s*(.*)$/;

/** The words of a line, without a comment behind them. */
function directiveWords(rest: string, place: string): readonly string[] {
  try {
    const words = wordsOf(rest);
    const comment = words.findIndex((word) => word.startsWith('#'));
    return comment === -1 ? words : words.slice(0, comment);
  } catch (error) {
    throw invalidField(place, (error as Error).message);
  }
}

/**
 * The options at the head of a script. As with Slurm the head ends at the first line that is neither empty nor a
 * comment. Throws `invalid_request` naming file and line.
 */
export function readScriptHead(file: string, content: string): ScriptHead {
  const head: { mito: DirectiveLine[]; sbatch: DirectiveLine[]; late: { line: number; text: string }[] } = {
    mito: [],
    sbatch: [],
    late: [],
  };
  let isHead = true;
  content.split(/\r?\n/).forEach((text, index) => {
    const line = index + 1;
    const [, kind, rest = ''] = DIRECTIVE.exec(text) ?? [];
    if (kind === undefined) {
      if (text.trim() !== '' && !text.startsWith('#')) isHead = false;
      return;
    }
    if (!isHead) return void head.late.push({ line, text: text.trim() });
    const words = directiveWords(rest.trim(), `${file}:${line}`);
    (kind === 'MITO' ? head.mito : head.sbatch).push({ line, words });
  });
  return head;
}
