import type { RequestHandler } from 'express';

const REMOTE_FONTS = /<link href="https:\/\/fonts\.[^>]*>/g;

/**
 * Bull Board can hide all actions of a queue or none. Those that are refused (see `isDeliveryAction`)
 * are hidden by their icons, which are the same in every language: of a job all but removing and
 * retrying, of a queue adding jobs and limiting how many run.
 */
const STYLE = `<style>
ul[class^="jobActions"] > li:not(:has(.lucide-trash-2, .lucide-refresh-cw)),
[role="menuitem"]:is(:has(.lucide-plus), :has(.lucide-chart-no-axes-gantt)) { display: none }
</style>`;

/**
 * The board's page without what it can't do here. It also names a font server: without this a browser
 * would at least try to reach it.
 */
export function adaptedPage(handle: RequestHandler): RequestHandler {
  return (req, res, next) => {
    const send = res.send.bind(res);
    res.send = (body: unknown) =>
      send(typeof body === 'string' ? body.replace(REMOTE_FONTS, '').replace('</head>', `${STYLE}</head>`) : body);
    return handle(req, res, next);
  };
}
