import type { Router } from 'express';

/** The routes of a router, as `METHOD /path`. */
export function mountedRoutes(router: Router): string[] {
  return router.stack.flatMap(({ route }) =>
    route ? route.stack.map(({ method }) => `${method.toUpperCase()} ${route.path}`) : [],
  );
}
