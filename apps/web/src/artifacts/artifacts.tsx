import { useEffect, useState } from 'preact/hooks';
import type { TaskDetail } from '@mitosis/protocol';
import { part } from '../api/call.js';
import { bytes, count } from '../app/format.js';
import { attempt, Failure } from '../parts/notices.js';
import { Loading, Section } from '../parts/page.js';
import { Table } from '../parts/table.js';
import { Ago } from '../parts/time.js';
import { fetchSigned, signedAddress } from '../upload/fetch-signed.js';
import { FilePreview } from './file-preview.js';
import { readTar, type TarEntry } from './read-tar.js';
import '../style/artifacts.css';

const MEANING: Readonly<Record<string, string>> = {
  result: 'the result folder',
  'exec-log': 'the working folder',
  'std-log': 'what it printed',
};
/** Files that are listed, and bytes of them that are kept here. */
const FILES_MAX = 2_000;
const KEPT_MAX = 64 * 2 ** 20;

/** What a task has produced; archives are looked into without saving them. */
export function Artifacts({ task }: { readonly task: TaskDetail }) {
  const [open, setOpen] = useState<string>();
  const path = (kind: string): string => `tasks/${part(task.uuid)}/artifacts/${kind}`;
  if (task.artifacts.length === 0 && task.not_kept.length === 0) return null;
  return (
    <Section title="Artifacts" note={count(task.artifacts.length, 'artifact')}>
      <Table
        label="Artifacts"
        columns={[
          { name: 'Kind', cell: ({ kind }) => kind },
          { name: 'What', isWide: true, cell: ({ kind }) => MEANING[kind] ?? '' },
          { name: 'Size', isNumber: true, cell: (artifact) => bytes(artifact.size_bytes) },
          { name: 'Stored', isExtra: true, cell: (artifact) => <Ago at={artifact.created_at} /> },
          {
            name: 'Do',
            cell: ({ kind }) => (
              <span class="actions">
                {kind !== 'std-log' && (
                  <button
                    type="button"
                    class="small"
                    aria-expanded={open === kind}
                    aria-label={`Look into ${kind}`}
                    onClick={() => setOpen(open === kind ? undefined : kind)}
                  >
                    Look into it
                  </button>
                )}
                <button
                  type="button"
                  class="small"
                  aria-label={`Download ${kind}`}
                  onClick={() => void attempt(() => fetchSigned(path(kind)))}
                >
                  Download
                </button>
              </span>
            ),
          },
        ]}
        rows={task.artifacts}
        keyOf={({ kind }) => kind}
      />
      {task.not_kept.map(({ kind, why }) => (
        <p key={kind} class="field-error">
          {kind} was not stored: {why}
        </p>
      ))}
      {open !== undefined && <Archive key={open} path={path(open)} />}
    </Section>
  );
}

function Archive({ path }: { readonly path: string }) {
  const { files, error, isCut, isDone } = useArchive(path);
  const [chosen, setChosen] = useState<string>();
  const file = files.find((entry) => entry.path === chosen);
  return (
    <div class="archive">
      <div class="archive-files">
        {error !== undefined && <Failure error={error} />}
        {!isDone && error === undefined && (
          <Loading what={files.length === 0 ? 'the archive' : `more: ${count(files.length, 'file')} so far`} />
        )}
        {isDone && files.length === 0 && <p class="dim">It holds no files.</p>}
        <ul>
          {files.map((entry) => (
            <li key={entry.path}>
              <button
                type="button"
                class="link"
                aria-pressed={entry.path === chosen}
                onClick={() => setChosen(entry.path)}
                dir="auto"
                title={entry.path}
              >
                {entry.path}
              </button>{' '}
              <span class="dim nowrap">{bytes(entry.size)}</span>
            </li>
          ))}
        </ul>
        {isCut && <p class="dim">The first {count(files.length, 'file')}; download the artifact for the others.</p>}
      </div>
      {file && <FilePreview key={file.path} file={file} />}
    </div>
  );
}

function useArchive(path: string) {
  const [state, setState] = useState<{ files: readonly TarEntry[]; isDone: boolean; isCut: boolean; error?: unknown }>({
    files: [],
    isDone: false,
    isCut: false,
  });
  useEffect(() => {
    const controller = new AbortController();
    const files: TarEntry[] = [];
    let kept = 0;
    let isCut = false;
    const read = async (): Promise<void> => {
      const response = await fetch(await signedAddress(path), { signal: controller.signal });
      if (!response.ok || !response.body) throw new Error(`The store answered ${response.status}.`);
      await readTar(await unpacked(response.body), (entry) => {
        kept += entry.bytes?.length ?? 0;
        files.push(kept > KEPT_MAX ? { ...entry, bytes: undefined } : entry);
        isCut = files.length >= FILES_MAX;
        if (files.length % 50 === 1) setState({ files: [...files], isDone: false, isCut });
        return !isCut && !controller.signal.aborted;
      });
      setState({ files: files.sort((a, b) => a.path.localeCompare(b.path)), isDone: true, isCut });
    };
    read().catch(
      (error: unknown) => void (controller.signal.aborted || setState({ files, isDone: true, isCut, error })),
    );
    return () => controller.abort();
  }, [path]);
  return state;
}

/** The archive itself, whether it is compressed or not. */
async function unpacked(stream: ReadableStream<Uint8Array>): Promise<ReadableStream<Uint8Array>> {
  const reader = stream.getReader();
  const first = await reader.read();
  const rest = new ReadableStream<Uint8Array>({
    start: (target) => void (first.value && target.enqueue(first.value)),
    pull: async (target) => {
      const { done, value } = await reader.read();
      if (done) target.close();
      else target.enqueue(value);
    },
    cancel: (reason) => reader.cancel(reason),
  });
  const isGzip = first.value?.[0] === 0x1f && first.value[1] === 0x8b;
  return isGzip
    ? rest.pipeThrough(new DecompressionStream('gzip') as unknown as ReadableWritablePair<Uint8Array, Uint8Array>)
    : rest;
}
