import { useRef, useState } from 'preact/hooks';
import { messageOf } from '../api/call.js';
import { bytes } from '../app/format.js';
import { uploadFile, type UploadProgress } from './upload-file.js';

interface Transfer {
  readonly name: string;
  readonly size: number;
  readonly progress: UploadProgress | undefined;
  readonly error?: string | undefined;
  readonly isDone?: boolean;
  readonly stop: () => void;
}

/** Takes files by drag and drop or from a dialog, one after the other. */
export function DropZone({
  group,
  prefix,
  onStored,
}: {
  readonly group: string;
  readonly prefix: string;
  onStored(): void;
}) {
  const [transfers, setTransfers] = useState<readonly Transfer[]>([]);
  const [isOver, setOver] = useState(false);
  const queue = useRef(Promise.resolve());
  const change = (name: string, changes: Partial<Transfer>): void =>
    setTransfers((all) => all.map((one) => (one.name === name ? { ...one, ...changes } : one)));
  const begin = (file: File): void => {
    const controller = new AbortController();
    const transfer = { name: file.name, size: file.size, progress: undefined, stop: () => controller.abort() };
    setTransfers((all) => [...all.filter(({ name }) => name !== file.name), transfer]);
    const options = {
      signal: controller.signal,
      onProgress: (progress: UploadProgress) => change(file.name, { progress }),
    };
    queue.current = queue.current.then(() =>
      uploadFile(group, prefix + file.name, file, options).then(
        () => (change(file.name, { isDone: true }), onStored()),
        (error: unknown) => change(file.name, { error: messageOf(error) }),
      ),
    );
  };
  const take = (files: FileList | null | undefined): void => [...(files ?? [])].forEach(begin);
  return (
    <>
      <div
        class={isOver ? 'drop over' : 'drop'}
        onDragOver={(event) => (event.preventDefault(), setOver(true))}
        onDragLeave={() => setOver(false)}
        onDrop={(event) => {
          event.preventDefault();
          setOver(false);
          take(event.dataTransfer?.files);
        }}
      >
        <label>
          Drop files here, or choose some:{' '}
          <input
            type="file"
            multiple
            onChange={({ currentTarget }) => (take(currentTarget.files), (currentTarget.value = ''))}
          />
        </label>
      </div>
      <ul class="transfers" aria-label="Uploads">
        {transfers.map((transfer) => (
          <li key={transfer.name}>
            <span dir="auto">{transfer.name}</span> <span class="dim">{bytes(transfer.size)}</span>{' '}
            <TransferState transfer={transfer} />
          </li>
        ))}
      </ul>
    </>
  );
}

function TransferState({ transfer: { progress, error, isDone, stop, name } }: { readonly transfer: Transfer }) {
  if (error !== undefined) return <span class="field-error">{error}</span>;
  if (isDone) return <span>stored</span>;
  if (progress === undefined) return <span class="dim">waits</span>;
  return (
    <>
      <progress max={1} value={progress.done} aria-label={`${progress.step} ${name}`} /> {progress.step}{' '}
      {Math.round(progress.done * 100)} %{' '}
      <button type="button" class="small" onClick={stop}>
        Stop
      </button>
    </>
  );
}
