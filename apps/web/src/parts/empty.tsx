import type { ComponentChildren } from 'preact';
import { CopyLine } from './copy-line.js';

/** A list with nothing in it: why, and the command that fills it. */
export function Empty({
  children,
  command,
}: {
  readonly children: ComponentChildren;
  readonly command?: string | undefined;
}) {
  return (
    <div class="empty">
      <p>{children}</p>
      {command !== undefined && <CopyLine text={command} label="The command that fills this list" />}
    </div>
  );
}
