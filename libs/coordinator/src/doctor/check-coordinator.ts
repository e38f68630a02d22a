import { addressUrl, type Finding } from '@mitosis/domain';
import type { WorkerPage } from '@mitosis/protocol';
import { CHECK_MS, failure, ok, reasonOf, warning } from './check.js';

const SKEW_MS = 5_000;

export interface CoordinatorToCheck {
  readonly url: string;
  readonly token: string | undefined;
  readonly now: () => number;
}

interface Ready {
  readonly database?: unknown;
  readonly queue?: unknown;
}

/** Looks at a running coordinator from here: reachable, ready, same time, login. Never throws. */
export async function checkCoordinator({ url, token, now }: CoordinatorToCheck): Promise<Finding[]> {
  const get = (path: string, headers: Record<string, string> = {}) =>
    fetch(addressUrl(url, path), { headers, redirect: 'manual', signal: AbortSignal.timeout(CHECK_MS) });
  let ready: Response;
  let parts: Ready;
  try {
    ready = await get('/ready');
    parts = (await ready.json()) as Ready;
  } catch (error) {
    return [
      failure(
        'coordinator.reachable',
        `${url} does not answer as a coordinator: ${reasonOf(error)}`,
        'start it ("mito up" or "mito coordinator"), or correct coordinator_addr',
      ),
    ];
  }
  const findings = [
    ok('coordinator.reachable', `${url} responds`),
    readiness(ready.status, parts),
    clock(ready.headers.get('date'), now()),
  ];
  if (token !== undefined) {
    const authorization = { Authorization: `Bearer ${token}` };
    const asked = async (path: string) => await get(path, authorization).catch(() => undefined);
    findings.push(login((await asked('/auth'))?.status));
    findings.push(...(await workersInTrouble(await asked('/workers?limit=1000'))));
  } else findings.push(warning('login', 'there is no login for it', 'run "mito login"'));
  return findings;
}

function readiness(status: number, { database, queue }: Ready): Finding {
  if (status === 200) return ok('coordinator.ready', 'it reaches its database and its queues');
  const parts = [database === 'ok' ? [] : ['its database'], queue === 'ok' ? [] : ['its queues']].flat();
  return failure(
    'coordinator.ready',
    `it does not reach ${parts.join(' and ')}`,
    'run "mito doctor" with the configuration of the coordinator, and see its log',
  );
}

function clock(date: string | null, now: number): Finding {
  const skewMs = Math.abs(Date.parse(date ?? '') - now);
  // The header has whole seconds.
  if (!(skewMs > SKEW_MS + 1_000)) return ok('clock.coordinator', 'this clock and that of the coordinator agree');
  return failure(
    'clock.coordinator',
    `this clock and that of the coordinator differ by ${Math.round(skewMs / 1000)} s`,
    'let NTP set both clocks',
  );
}

/** Workers that the caller may see and that say of themselves that they can't work. */
async function workersInTrouble(response: Response | undefined): Promise<Finding[]> {
  if (response?.status !== 200) return [];
  const { workers } = (await response.json()) as Pick<WorkerPage, 'workers'>;
  const alive = workers.filter(({ is_alive: isAlive }) => isAlive);
  const unable = alive.flatMap(({ hostname, uuid, trouble }) =>
    trouble === null
      ? []
      : failure(
          'workers',
          `${hostname} (${uuid}) can't work: ${trouble}`,
          'see the log of that worker, and what it names',
        ),
  );
  if (unable.length > 0) return unable;
  const text =
    alive.length === 1 ? '1 worker is alive, and can work' : `${alive.length} workers are alive, all of them can work`;
  return [ok('workers', text)];
}

/** Only a coordinator that can look knows what a login is good for. */
function login(status: number | undefined): Finding {
  if (status === 200) return ok('login', 'the cached login is good');
  if (status === 401 || status === 403)
    return failure('login', 'the cached login is no longer valid', 'run "mito login"');
  return warning(
    'login',
    `the coordinator could not check the cached login (${status === undefined ? 'no response' : `HTTP ${status}`})`,
    'see what else is reported here, and the log of the coordinator',
  );
}
