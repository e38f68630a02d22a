import { promisify } from 'node:util';
import type { ReceivedFrame } from './frame-stream.js';
import type { GuestProcess } from './guest-process.js';
import { ToChild, ToSandbox, type RunOrder, type RunReport } from './guest/frame.js';
import { InputSources } from './input-sources.js';
import { loadProgram } from './program-source.js';
import { ResultFolder, ResultRefused } from './result-folder.js';
import { RunWatch } from './run-watch.js';
import { PAGE_BYTES, type SandboxLimits, type SandboxRequest, type SandboxResult } from './sandbox-request.js';
import { reportedResult, stoppedResult } from './sandbox-result.js';

/** A process that was killed gets this long for what it still had in its pipe. */
const LAST_OUTPUT_MS = 500;

/** Added to the wall limit for a child that has to end itself when its sandbox is gone. */
const DEADLINE_GRACE_MS = 1000;

/**
 * What a process may have beyond the memory and the files of its program: Node itself, 96 MiB of heap, and what
 * compiling takes. The largest programs that are taken need 300 MiB.
 */
const PROCESS_MARGIN_BYTES = 448 * 1_048_576;

const NOTHING = new Uint8Array(0);

const pause = promisify(setTimeout);

/** One run on one process, from the order to the report. Nothing of it outlives `finish`. */
export class SandboxRun {
  readonly #watch: RunWatch;
  readonly #results: ResultFolder | undefined;
  readonly #memoryPages: number;
  readonly #lastCall: Promise<void>;
  #outputLeftBytes: number;
  #sources: InputSources | undefined;
  /** False while the guest has an order that it hasn't answered. */
  #isGuestIdle = true;

  constructor(
    private readonly guest: GuestProcess,
    private readonly request: SandboxRequest,
    private readonly limits: SandboxLimits,
    signal: AbortSignal,
  ) {
    this.#memoryPages = Math.floor(limits.memoryLimitBytes / PAGE_BYTES);
    this.#outputLeftBytes = limits.outputLimitBytes;
    if (request.resultDir !== undefined) this.#results = new ResultFolder(request.resultDir, limits.resultLimitBytes);
    const processLimitBytes = limits.memoryLimitBytes + limits.fileLimitBytes + PROCESS_MARGIN_BYTES;
    this.#watch = new RunWatch(guest, { ...limits, processLimitBytes }, signal);
    this.#lastCall = this.#watch.stopped.then(() => pause(LAST_OUTPUT_MS));
  }

  /** Runs the program to its end. Rejects when it couldn't start or its output couldn't be kept. */
  async finish(): Promise<SandboxResult> {
    try {
      this.#sources = await InputSources.open(this.request);
      this.#order(this.#sources);
      const report = await this.#report();
      const { elapsedMs, stop } = this.#watch;
      if (report === undefined || stop !== undefined) return stoppedResult(this.guest, this.#watch);
      this.guest.cpuUsedMs = report.processCpuMs;
      return reportedResult(report, elapsedMs);
    } finally {
      if (!this.#isGuestIdle) this.guest.kill();
      this.#watch.close();
      await Promise.all([this.#sources?.close(), this.#results?.close()]);
    }
  }

  #order(sources: InputSources): void {
    const { args, env, files = [] } = this.request;
    const order: RunOrder = {
      sha256: this.request.sha256,
      memoryPages: this.#memoryPages,
      args,
      env: Object.entries(env).map(([key, value]) => `${key}=${value}`),
      isStdinPulled: sources.isStdinPulled,
      files: files.map(({ path }, index) => ({ path, sizeBytes: sources.fileSizes[index] ?? 0 })),
      outputLimitBytes: this.limits.outputLimitBytes,
      fileLimitBytes: this.limits.fileLimitBytes,
      deadlineMs: this.guest.diesWithParent ? null : this.limits.wallLimitMs + DEADLINE_GRACE_MS,
    };
    const json = Buffer.from(JSON.stringify(order));
    const length = Buffer.alloc(4);
    length.writeUInt32LE(json.length);
    this.#isGuestIdle = false;
    this.guest.send(ToChild.run, Buffer.concat([length, json, sources.inlineStdin]));
  }

  /** Serves the requests of the child until it reports; undefined when it is gone without a report. */
  async #report(): Promise<RunReport | undefined> {
    for (;;) {
      const frame = await this.guest.frames.next();
      if (frame === undefined) return undefined;
      if (frame.type === ToSandbox.done) {
        this.#isGuestIdle = true;
        return JSON.parse(frame.payload.toString('utf8')) as RunReport;
      }
      // Once the process is killed, whoever takes the output can't hold up the end of the run.
      const isLate = await Promise.race([this.#handle(frame), this.#lastCall.then(() => true)]);
      if (isLate === true) return undefined;
    }
  }

  async #handle({ type, payload }: ReceivedFrame): Promise<void> {
    switch (type) {
      case ToSandbox.stdout:
        return this.#output(1, payload);
      case ToSandbox.stderr:
        return this.#output(2, payload);
      case ToSandbox.read:
        return this.#answer(payload);
      case ToSandbox.needProgram:
        return this.#sendProgram();
      case ToSandbox.file:
        return this.#keep(this.#results?.begin(payload.toString('utf8')));
      case ToSandbox.fileData:
        return this.#keep(this.#results?.write(payload));
      default:
        this.guest.kill();
    }
  }

  async #output(stream: 1 | 2, payload: Buffer): Promise<void> {
    const part = payload.subarray(0, this.#outputLeftBytes);
    this.#outputLeftBytes -= part.length;
    if (part.length > 0) await this.request.onOutput(stream, part);
    // The child keeps the limit by itself; one that doesn't is not to be trusted.
    if (part.length < payload.length) this.#watch.end({ outcome: 'failed', reason: 'output_limit' });
  }

  async #answer(question: Buffer): Promise<void> {
    const [source, offset, length] = [question.readUInt32LE(0), question.readDoubleLE(4), question.readUInt32LE(12)];
    this.guest.send(ToChild.data, (await this.#sources?.read(source, offset, length)) ?? NOTHING);
  }

  async #sendProgram(): Promise<void> {
    try {
      this.guest.send(ToChild.program, await loadProgram(this.request, this.#memoryPages));
    } catch (error) {
      this.guest.send(ToChild.program, NOTHING);
      this.#isGuestIdle = true;
      throw error;
    }
  }

  async #keep(kept: Promise<void> | undefined): Promise<void> {
    try {
      await kept;
    } catch (error) {
      if (!(error instanceof ResultRefused)) throw error;
      this.#watch.end({ outcome: 'failed', reason: error.reason, message: error.message });
    }
  }
}
