import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { readdir, writeFile } from 'node:fs/promises';
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

const accept = (reports: AttemptReport[]) => ({
  status: 200,
  results: reports.map(({ request }) => ({ request, status: 'accepted' })),
});

/** A coordinator's HTTP side as far as reports go: this is about the wire and the disk, not about the verdict. */
async function reportServer(
  t: ExecutionContext,
  port = 0,
  judge: (reports: AttemptReport[]) => { status: number; results?: object[] } = accept,
): Promise<{ url: string; port: number; seen: string[]; close(): void }> {
  const seen: string[] = [];
  const server: Server = createServer((req, res) => {
    let body = '';
    req.on('data', (chunk) => (body += chunk));
    req.on('end', () => {
      const { reports } = JSON.parse(body) as { reports: AttemptReport[] };
      const { status, results } = judge(reports);
      if (status === 200) seen.push(...reports.map(({ task }) => task));
      res.writeHead(status, { 'Content-Type': 'application/json' });
      const error = { code: status === 413 ? 'body_too_large' : 'invalid_request', message: 'no', details: {} };
      res.end(JSON.stringify(results ? { results } : { error }));
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
  await eventually(() => reporter.pending.length === 0, { message: 'nothing to deliver' });
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

test('a report that spoils its batch is sent without the output; the others are delivered once', async (t) => {
  const bad = { ...report(), metrics: { rows: [{ k: 'bad' }], is_truncated: false } };
  const taken: AttemptReport[] = [];
  const { url, seen } = await reportServer(t, 0, (reports) => {
    if (reports.some(({ metrics }) => metrics !== null)) return { status: 400 };
    taken.push(...reports);
    return accept(reports);
  });
  const reporter = reporterFor(t, url, await tempDir(t));
  const all = [...Array.from({ length: 40 }, report), bad, ...Array.from({ length: 40 }, report)];
  const statuses = await Promise.all(all.map((one) => reporter.report(one)));
  t.true(statuses.every((status) => status === 'accepted'));
  t.deepEqual(seen.toSorted(), all.map(({ task }) => task).toSorted());
  const mended = taken.find(({ task }) => task === bad.task);
  t.like(mended, { outcome: 'exited', exit_code: 0, metrics: null, request: bad.request });
  t.regex(mended?.notes[0] ?? '', /was refused .*dropped: its metrics/);
});

test('reports too large together go in several requests; one too large alone fails with that reason', async (t) => {
  const limitBytes = 2_000_000;
  const taken: AttemptReport[] = [];
  const { url } = await reportServer(t, 0, (reports) => {
    if (JSON.stringify(reports).length > limitBytes) return { status: 413 };
    taken.push(...reports);
    return accept(reports);
  });
  const reporter = reporterFor(t, url, await tempDir(t));
  const wish = (bytes: number) => ({ ...report(), new_tasks: [{ args: ['x'.repeat(bytes)] }] });
  const huge = wish(limitBytes);
  const all = [...Array.from({ length: 8 }, () => wish(900_000)), huge];
  const statuses = await Promise.all(all.map((one) => reporter.report(one)));
  t.true(statuses.every((status) => status === 'accepted'));
  const ends = taken.filter(({ outcome }) => outcome === 'invalid_new_task');
  t.deepEqual(
    ends.map(({ task }) => task),
    [huge.task],
  );
  t.is(taken.length, all.length);
});

test('a report of which nothing is taken is set aside, and is not delivered again by a later run', async (t) => {
  const dir = await tempDir(t);
  const { url } = await reportServer(t, 0, (reports) => ({
    status: 200,
    results: reports.map(({ request }) => ({ request, status: 'refused', message: 'no' })),
  }));
  t.is(await reporterFor(t, url, dir).report(report()), 'refused');
  t.deepEqual(await new ReportSpool(dir).load(), { reports: [], unreadable: [] });
  t.is((await readdir(dir)).length, 1);
});

test('a report that can not be written as JSON ends its attempt with that reason', async (t) => {
  const deep = JSON.parse(`${'['.repeat(20_000)}${']'.repeat(20_000)}`) as unknown;
  const { url, seen } = await reportServer(t);
  const reporter = reporterFor(t, url, await tempDir(t));
  const bad = { ...report(), new_tasks: [deep] };
  t.is(await reporter.report(bad), 'accepted');
  t.deepEqual(seen, [bad.task]);
});
