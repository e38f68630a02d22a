import { existsSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Router, static as serveFiles } from 'express';

/**
 * Nothing from elsewhere, no code made from text. Exceptions: `data:` and `blob:` images (previews of what a task has
 * made, read by our script and never asked for by its address), `blob:` frames (a PDF in the viewer of the browser).
 */
const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data: blob:",
  "connect-src 'self'",
  'frame-src blob:',
  "form-action 'none'",
  "base-uri 'none'",
  "frame-ancestors 'none'",
].join('; ');

/** Folders that a package may have between this module and what was built for browsers. */
const LEVELS = 4;

/** Where the built page is: the folder `web` that lies beside this package's code. */
function webFolder(): string | undefined {
  let folder = dirname(fileURLToPath(import.meta.url));
  for (let level = 0; level < LEVELS; level++, folder = dirname(folder))
    if (existsSync(join(folder, 'web', 'index.html'))) return join(folder, 'web');
  return undefined;
}

/** The page for people: `/` and the files it is made of. Everything it shows, it asks the API for. */
export function webPage(): Router {
  const routes = Router();
  const folder = webFolder();
  // Built without the page: the board is the only page there is. Relative, for there may be a path prefix.
  if (folder === undefined) {
    routes.get('/', (req, res, next) => (req.accepts(['json', 'html']) === 'html' ? res.redirect('board') : next()));
    return routes;
  }
  routes.get('/', (req, res, next) => {
    if (req.accepts(['json', 'html']) !== 'html') return next();
    res.set({ 'Content-Security-Policy': POLICY, 'Cache-Control': 'no-cache' });
    res.sendFile(join(folder, 'index.html'));
  });
  const headers = { 'Cache-Control': 'public, max-age=31536000, immutable', 'Content-Security-Policy': POLICY };
  const compressed = new Set(readdirSync(join(folder, 'assets')).filter((name) => name.endsWith('.gz')));
  routes.use('/assets', (req, res, next) => {
    const name = req.path.slice(1);
    if (!compressed.has(`${name}.gz`) || !req.acceptsEncodings('gzip')) return next();
    res.set({ ...headers, 'Content-Encoding': 'gzip', Vary: 'Accept-Encoding' }).type(name);
    res.sendFile(join(folder, 'assets', `${name}.gz`), { cacheControl: false });
  });
  routes.use(
    '/assets',
    serveFiles(join(folder, 'assets'), {
      index: false,
      cacheControl: false,
      setHeaders: (res) => void res.setHeaders(new Headers(headers)),
    }),
  );
  return routes;
}
