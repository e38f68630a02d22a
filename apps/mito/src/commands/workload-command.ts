import type { MitosisClient } from '@mitosis/client';
import type { WorkloadView } from '@mitosis/protocol';
import { EXIT_FAILED, EXIT_OK } from '../output/exit-codes.js';
import type { Progress } from '../output/progress.js';
import { jsonLine } from '../output/say.js';
import { ApiCommand } from './api-command.js';

/** A command that stays until a workload is over. */
export abstract class WorkloadCommand extends ApiCommand {
  /** Shows how far it is until it is over; undefined when Ctrl-C came first: the workload runs on. */
  protected async watch(api: MitosisClient, uuid: string): Promise<WorkloadView | undefined> {
    const left = new AbortController();
    const leave = (): void => left.abort(new Error('interrupted'));
    process.once('SIGINT', leave);
    try {
      const firstOpen = async (): Promise<string | undefined> =>
        (await api.workloads.tasks(uuid)).find(({ state }) => state === 'ready' || state === 'running')?.uuid;
      return await this.sayingWhy(api, firstOpen, () =>
        this.withProgress((onProgress) => api.workloads.wait(uuid, { signal: left.signal, onProgress })),
      );
    } catch (error) {
      if (!left.signal.aborted) throw error;
      this.note(
        `workload ${uuid} runs on; "mito workloads wait ${uuid}" comes back, "mito workloads cancel ${uuid}" ends it`,
      );
      return undefined;
    } finally {
      process.off('SIGINT', leave);
    }
  }

  /** Says why a workload has no result, and returns the exit code; undefined when it has one. */
  protected async failure(api: MitosisClient, workload: WorkloadView): Promise<number | undefined> {
    if (workload.state === 'completed' && workload.result_task !== null) return undefined;
    const { printFailure } = await import('../output/save-result.js');
    await printFailure(api, workload.uuid, this.context.stderr);
    this.note(
      `mito: the workload ${workload.state === 'failed' ? 'failed' : 'was cancelled'}: ` +
        `${workload.message ?? 'no reason was given'}`,
    );
    if (this.json) this.line(jsonLine(workload));
    return EXIT_FAILED;
  }

  /** Writes the final result to `output`, or to a file that is named after the workload. */
  protected async save(api: MitosisClient, workload: WorkloadView, output: string | undefined): Promise<number> {
    const { saveResult } = await import('../output/save-result.js');
    const toStdout = output === '-' ? this.context.stdout : undefined;
    const onRemark = (bytes: Uint8Array): void => void this.context.stderr.write(bytes);
    const saved = await saveResult(api, workload.result_task ?? '', {
      toStdout,
      file: output,
      name: workload.name,
      onRemark,
    });
    if (!toStdout) this.print({ ...workload, ...saved }, ({ file, size_bytes: size }) => `${file}  (${size} bytes)`);
    return EXIT_OK;
  }

  private async withProgress(
    work: (onProgress: (workload: WorkloadView) => void) => Promise<WorkloadView>,
  ): Promise<WorkloadView> {
    const { startProgress } = await import('../output/progress.js');
    let bar: Progress | undefined;
    try {
      return await work(({ name, subtasks, subtasks_done: done }) => {
        if (subtasks === null || this.json || this.quiet) return;
        bar ??= startProgress(this.context.stderr, name, subtasks, { done });
        bar.update(done);
      });
    } finally {
      bar?.stop();
    }
  }
}
