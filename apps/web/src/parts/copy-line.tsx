import { complain, say } from './notices.js';

/** Puts text on the clipboard; over plain HTTP a browser has only the old way. */
export async function copyText(text: string): Promise<boolean> {
  try {
    if (navigator.clipboard !== undefined) {
      await navigator.clipboard.writeText(text);
      return true;
    }
    const area = document.createElement('textarea');
    area.value = text;
    area.className = 'offscreen';
    document.body.append(area);
    area.select();
    const isCopied = document.execCommand('copy');
    area.remove();
    return isCopied;
  } catch {
    return false;
  }
}

/** The command that says the same as the page, to be copied; or another text, such as a key. */
export function CopyLine({
  text,
  label = 'The same in a shell',
  isCommand = true,
}: {
  readonly text: string;
  readonly label?: string;
  readonly isCommand?: boolean;
}) {
  const copy = async (): Promise<void> => {
    if (await copyText(text)) say('Copied.');
    else complain(new Error('The browser did not let this page copy. Select the text and copy it.'));
  };
  return (
    <div class={isCommand ? 'copy-line command' : 'copy-line'} role="group" aria-label={label}>
      <code tabIndex={0} aria-label={label}>
        {text}
      </code>
      <button type="button" class="small" onClick={() => void copy()}>
        Copy
      </button>
    </div>
  );
}
