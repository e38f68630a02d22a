import type { RequestHandler } from 'express';

const REMOTE_FONTS = /<link href="https:\/\/fonts\.[^>]*>/g;

/** Bull Board's page names a font server; without this a browser would at least try to reach it. */
export function withoutRemoteFonts(handle: RequestHandler): RequestHandler {
  return (req, res, next) => {
    const send = res.send.bind(res);
    res.send = (body: unknown) => send(typeof body === 'string' ? body.replace(REMOTE_FONTS, '') : body);
    return handle(req, res, next);
  };
}
