import { cutText } from '@mitosis/domain';

const NAME_MAX = 200;

/**
 * The `Content-Disposition` that makes a browser save a download under `name` (RFC 6266 and 8187).
 * Any text is safe: control and direction characters go, separators become `_`, it is cut to 200 characters.
 */
export function attachmentDisposition(name: string): string {
  const safe = safeFileName(name);
  const ascii = safe.replace(/[^\x20-\x7e]/gu, '_').replace(/["%]/g, '_');
  const encoded = encodeURIComponent(safe).replace(
    /['()*!]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
  return `attachment; filename="${ascii}"; filename*=UTF-8''${encoded}`;
}

function safeFileName(name: string): string {
  const cleaned = name
    .replace(/\p{Cs}/gu, '_')
    .replace(/[\p{Cc}\p{Bidi_Control}\u2028\u2029]/gu, '')
    .replace(/[\\/:]/g, '_');
  const cut = cutText(cleaned, NAME_MAX).trim();
  return /^\.*$/.test(cut) ? 'download' : cut;
}
