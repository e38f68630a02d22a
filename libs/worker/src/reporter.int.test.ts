import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { WorkerClient } from '@mitosis/client';
import type { AttemptReport } from '@mitosis/protocol';
import { eventually, silentLog, tempDir } from '@mitosis/testing';
import { ReportSpool } from './report-spool.js';
import { Reporter } from './reporter.js';

const report = (): AttemptReport => ({
  request: randomUUID(),
  task: randomUUID(),
  attempt: 1,
  lease: randomUUID(),
  outcome: 'exited',
  exit_code: 0,
  signal: null,
  message: null,
  wall_ms: 1,
  user_cpu_ms: 0,
  system_cpu_ms: 0,
  peak_rss_bytes: null,
  output_bytes: 0,
  is_output_truncated: false,
  output: null,
  artifacts: [],
  not_kept: [],
  notes: [],
  metrics: null,
  new_tasks: [],
});

/** A coordinator's HTTP side as far as reports go: this is about the wire and the disk, not about the verdict. */
async function reportServer(
  t: ExecutionContext,
  port = 0,
): Promise<{ url: string; port: number; seen: string[]; close(): void }> {
  const seen: string[] = [];
  const server: Server = createServer((req, res) => {
    let body = '';
    req.on('data', (chunk) => (body += chunk));
    req.on('end', () => {
      const { reports } = JSON.parse(body) as { reports: AttemptReport[] };
      seen.push(...reports.map(({ task }) => task));
      res.setHeader('Content-Type', 'application/json');
      res.end(JSON.stringify({ results: reports.map(({ request }) => ({ request, status: 'accepted' })) }));
    });
  });
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  const close = (): void => {
    server.close();
    server.closeAllConnections();
  };
  t.teardown(close);
  const { port: actual } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${actual}`, port: actual, seen, close };
}

function reporterFor(t: ExecutionContext, url: string, dir: string): Reporter {
  const ended = new AbortController();
  t.teardown(() => ended.abort());
  const client = new WorkerClient({ url, token: 'x' });
  return new Reporter({
    client,
    spool: new ReportSpool(dir),
    log: silentLog,
    signal: ended.signal,
    isStream: () => false,
  });
}

test('a report that can not be delivered is kept on disk and delivered when the coordinator is back', async (t) => {
  const dir = await tempDir(t);
  const server = await reportServer(t);
  server.close();
  const reporter = reporterFor(t, server.url, dir);
  const late = report();
  t.is(await reporter.report(late), 'spooled');
  t.is((await new ReportSpool(dir).load()).reports.length, 1);
  t.deepEqual(
    reporter.pending.map(({ task }) => task),
    [late.task],
    'its lease is still to be renewed',
  );
  const { seen } = await reportServer(t, server.port);
  await eventually(() => seen.includes(late.task), { message: 'the delivery' });
  await eventually(async () => (await new ReportSpool(dir).load()).reports.length === 0, { message: 'an empty spool' });
  t.deepEqual(reporter.pending, []);
});

test('a worker delivers what an earlier run of it could not', async (t) => {
  const dir = await tempDir(t);
  const late = report();
  await new ReportSpool(dir).add(late);
  const { url, seen } = await reportServer(t);
  const reporter = reporterFor(t, url, dir);
  await reporter.start();
  await reporter.stop();
  t.deepEqual(seen, [late.task]);
});

test('a damaged file in the spool is named and does not keep the others', async (t) => {
  const dir = await tempDir(t);
  const spool = new ReportSpool(dir);
  await spool.add(report());
  await writeFile(path.join(dir, 'damaged.json'), '{"task":');
  const { reports, unreadable } = await spool.load();
  t.is(reports.length, 1);
  t.deepEqual(unreadable, ['damaged.json']);
});
