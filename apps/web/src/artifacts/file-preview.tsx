import { useEffect, useState } from 'preact/hooks';
import { count, bytes as size } from '../app/format.js';
import { visible } from '../log/ansi.js';
import { KEPT_BYTES, type TarEntry } from './read-tar.js';

/**
 * Only these are handed to the browser as pictures; an SVG in an
 * `img` element runs no script, and is shown as source all the same.
 */
const IMAGES: Readonly<Record<string, string>> = {
  png: 'image/png',
  jpg: 'image/jpeg',
  jpeg: 'image/jpeg',
  gif: 'image/gif',
  webp: 'image/webp',
  avif: 'image/avif',
  bmp: 'image/bmp',
};
const TEXT_MAX = 1_000_000;
const ROWS_MAX = 500;

/** A file in place, made of plain data only: nothing of it is ever run, or asked for by its own address. */
export function FilePreview({ file }: { readonly file: TarEntry }) {
  const kind = file.path.split('.').at(-1)?.toLowerCase() ?? '';
  return (
    <figure class="preview-file">
      <figcaption>
        <strong dir="auto">{visible(file.path)}</strong> <span class="dim">{size(file.size)}</span>
      </figcaption>
      {file.bytes === undefined ? (
        <p class="dim">Files beyond {size(KEPT_BYTES)} are not shown here. Download the artifact.</p>
      ) : Object.hasOwn(IMAGES, kind) ? (
        <Framed bytes={file.bytes} type={IMAGES[kind] ?? ''} name={file.path} />
      ) : kind === 'pdf' ? (
        <Framed bytes={file.bytes} type="application/pdf" name={file.path} />
      ) : (
        <TextPreview bytes={file.bytes} kind={kind} />
      )}
    </figure>
  );
}

/** A picture, or a PDF in the browser's viewer: the type is pinned here, whatever the bytes are. */
function Framed({ bytes, type, name }: { readonly bytes: Uint8Array; readonly type: string; readonly name: string }) {
  const [address, setAddress] = useState<string>();
  useEffect(() => {
    const url = URL.createObjectURL(new Blob([bytes as Uint8Array<ArrayBuffer>], { type }));
    setAddress(url);
    return () => URL.revokeObjectURL(url);
  }, [bytes, type]);
  if (address === undefined) return null;
  return type === 'application/pdf' ? (
    <iframe class="pdf" src={address} title={name} />
  ) : (
    <img src={address} alt={name} />
  );
}

function TextPreview({ bytes, kind }: { readonly bytes: Uint8Array; readonly kind: string }) {
  const isBinary = bytes.subarray(0, 4_096).includes(0);
  if (isBinary) return <p class="dim">Not a text. Download the artifact to use it.</p>;
  const text = new TextDecoder().decode(bytes.subarray(0, TEXT_MAX));
  const rest = bytes.length > TEXT_MAX && <p class="dim">The first {size(TEXT_MAX)}.</p>;
  if (kind === 'csv' || kind === 'tsv') return <Rows text={text} separator={kind === 'csv' ? ',' : '\t'} />;
  return (
    <>
      <pre tabIndex={0}>{kind === 'json' ? pretty(text) : text.split('\n').map(visible).join('\n')}</pre>
      {rest}
    </>
  );
}

function pretty(text: string): string {
  try {
    return JSON.stringify(JSON.parse(text), undefined, 2);
  } catch {
    return text;
  }
}

/** RFC 4180: quotes, doubled quotes, separators and line ends within quotes. */
export function parseSeparated(text: string, separator: string, rowsMax: number): string[][] {
  const rows: string[][] = [[]];
  let cell = '';
  let isQuoted = false;
  const endCell = (): void => {
    rows.at(-1)?.push(cell);
    cell = '';
  };
  for (let at = 0; at < text.length && rows.length <= rowsMax; at++) {
    const char = text[at] ?? '';
    if (isQuoted && char === '"' && text[at + 1] === '"') {
      cell += '"';
      at += 1;
    } else if (char === '"' && (isQuoted || cell === '')) isQuoted = !isQuoted;
    else if (!isQuoted && char === separator) endCell();
    else if (!isQuoted && char === '\n') {
      endCell();
      rows.push([]);
    } else if (isQuoted || char !== '\r') cell += char;
  }
  if (cell !== '' || (rows.at(-1)?.length ?? 0) > 0) endCell();
  else rows.pop();
  return rows.slice(0, rowsMax);
}

function Rows({ text, separator }: { readonly text: string; readonly separator: string }) {
  const [head = [], ...rows] = parseSeparated(text, separator, ROWS_MAX + 1);
  return (
    <>
      <div class="table-frame" tabIndex={0} role="region" aria-label="Rows">
        <table>
          <thead>
            <tr>
              {head.map((cell, index) => (
                <th key={index} scope="col">
                  {visible(cell)}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {rows.map((row, index) => (
              <tr key={index}>
                {row.map((cell, at) => (
                  <td key={at}>{visible(cell)}</td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      <p class="dim">{rows.length >= ROWS_MAX ? `The first ${ROWS_MAX} rows.` : count(rows.length, 'row')}</p>
    </>
  );
}
