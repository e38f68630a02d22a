import { createBullBoard } from '@bull-board/api';
import { ExpressAdapter } from '@bull-board/express';
import { Router, urlencoded, type Request, type RequestHandler, type Response } from 'express';
import type { DataSource } from 'typeorm';
import { HTTP_STATUS, isAllowed, MitoError } from '@mitosis/domain';
import { Login } from '@mitosis/protocol';
import type { QueuePublisher } from '@mitosis/queue';
import type { Authenticator, UserActor } from '../auth/authenticator.js';
import {
  csrfToken,
  isCsrfToken,
  isSameSite,
  loginCookies,
  logoutCookies,
  sessionCookie,
  wrongCsrf,
} from '../auth/browser-cookies.js';
import type { Sessions } from '../auth/sessions.js';
import { adaptedPage } from './adapted-page.js';
import { loginPage, logoutPage } from './board-pages.js';
import { BoardQueues } from './board-queues.js';
import { isDeliveryAction } from './delivery-actions.js';

export interface BoardDeps {
  readonly dataSource: DataSource;
  readonly publisher: QueuePublisher;
  readonly authenticator: Authenticator;
  readonly sessions: Sessions;
}

/** Nothing from elsewhere: no scripts, fonts or frames. The board writes styles into its elements. */
const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data:",
  "font-src 'self' data:",
  "connect-src 'self'",
  "form-action 'self'",
  "base-uri 'self'",
  "frame-ancestors 'none'",
].join('; ');

const UI = {
  boardTitle: 'Mitosis',
  hideDocsLink: true,
  // Our workers share one connection between all queues, which the board can't see.
  showWorkers: false,
  showMetrics: false,
  miscLinks: [{ text: 'Sign out', url: '/board/logout' }],
};

/**
 * Bull Board at `/board`, behind the same accounts: administrators see every queue and may act,
 * members see those of their groups and may look only. Acting there changes what is delivered; what
 * becomes of a task is decided by Postgres alone, from which the queues are mended.
 */
export class Board {
  /** Bull Board shows its hooks nothing of a request but the headers, the same object that we get. */
  private readonly viewers = new WeakMap<object, UserActor>();
  private readonly queues: BoardQueues;
  private readonly boards: { readonly acting: BoardView; readonly reading: BoardView };

  constructor(private readonly deps: BoardDeps) {
    this.queues = new BoardQueues({ ...deps, viewerOf: (headers) => this.viewers.get(headers) });
    this.boards = { acting: createView(true), reading: createView(false) };
  }

  /** To be mounted at the root. */
  router(): Router {
    const routes = Router();
    routes.use('/board', (_req, res, next) => {
      res.setHeader('Content-Security-Policy', POLICY);
      res.setHeader('Cache-Control', 'no-store');
      next();
    });
    routes.get('/board/login', (_req, res) => void res.type('html').send(loginPage()));
    routes.post('/board/login', urlencoded({ extended: false, limit: '8kb' }), (req, res) => this.login(req, res));
    routes.get('/board/logout', (req, res) => this.askLogout(req, res));
    routes.post('/board/logout', urlencoded({ extended: false, limit: '8kb' }), (req, res) => this.logout(req, res));
    routes.use('/board', this.show);
    return routes;
  }

  private async login(req: Request, res: Response): Promise<void> {
    res.type('html');
    if (!isSameSite(req)) return void res.status(403).send(loginPage('This form was sent from another site.'));
    const form = Login.safeParse(req.body);
    if (!form.success) return void res.status(400).send(loginPage('Write a user name and a password.'));
    try {
      const { token, expiresAt } = await this.deps.sessions.login(form.data.username, form.data.password);
      res.setHeader('Set-Cookie', loginCookies(req, token, expiresAt));
      res.redirect(303, '/board');
    } catch (error) {
      if (!(error instanceof MitoError)) throw error;
      res.status(HTTP_STATUS[error.kind]).send(loginPage(error.message));
    }
  }

  private async askLogout(req: Request, res: Response): Promise<void> {
    const viewer = await this.viewer(req);
    if (!viewer) return res.redirect(303, '/board/login');
    res.type('html').send(logoutPage(viewer.username, csrfToken(sessionCookie(req) ?? '')));
  }

  private async logout(req: Request, res: Response): Promise<void> {
    const viewer = await this.viewer(req);
    const { csrf } = (req.body ?? {}) as { csrf?: unknown };
    if (viewer && !isCsrfToken(csrf, sessionCookie(req) ?? '')) throw wrongCsrf();
    if (viewer) await this.deps.sessions.logout(viewer);
    res.setHeader('Set-Cookie', logoutCookies());
    res.redirect(303, '/board/login');
  }

  private readonly show: RequestHandler = async (req, res, next) => {
    const viewer = await this.viewer(req);
    if (!viewer && req.path.startsWith('/api/'))
      throw new MitoError('unauthenticated', 'not_logged_in', 'sign in at /board/login');
    if (!viewer) return res.redirect(303, '/board/login');
    const isReading = req.method === 'GET' || req.method === 'HEAD';
    if (!isReading && !isSameSite(req)) throw wrongCsrf();
    if (!isReading && !isCsrfToken(req.get('x-xsrf-token'), sessionCookie(req) ?? '')) throw wrongCsrf();
    this.viewers.set(req.headers, viewer);
    await this.queues.refresh();
    const kind = isAllowed(viewer, { action: 'queue.manage' }) ? 'acting' : 'reading';
    const { board, handle } = this.boards[kind];
    board.replaceQueues(this.queues.adapters(kind));
    handle(req, res, next);
  };

  /** Who is logged in; undefined for a login that is missing, over or revoked. */
  private async viewer(req: Request): Promise<UserActor | undefined> {
    const token = sessionCookie(req);
    if (token === undefined) return undefined;
    try {
      return await this.deps.authenticator.user(`Bearer ${token}`);
    } catch (error) {
      if (error instanceof MitoError && error.kind === 'unauthenticated') return undefined;
      throw error;
    }
  }
}

interface BoardView {
  readonly board: ReturnType<typeof createBullBoard>;
  readonly handle: RequestHandler;
}

function createView(mayAct: boolean): BoardView {
  const adapter = new ExpressAdapter();
  adapter.setBasePath('/board');
  const board = createBullBoard({
    queues: [],
    serverAdapter: adapter,
    options: {
      uiConfig: { ...UI, hideRedisDetails: !mayAct },
      handlerHooks: {
        before: ({ method, route }) => {
          if (isDeliveryAction(method, route) ? mayAct : method === 'get' && (mayAct || route !== '/api/redis/stats'))
            return;
          return { allow: false, status: 403 };
        },
      },
    },
  });
  const handle: RequestHandler = adapter.getRouter() as RequestHandler;
  return { board, handle: adaptedPage(handle) };
}
