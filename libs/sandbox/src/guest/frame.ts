/** What travels between the sandbox and its child: `u32le length of payload, u8 type, payload`. */
export const FRAME_HEADER_BYTES = 5;

/** Frames that the sandbox sends. */
export const ToChild = {
  /** `u32le length of JSON`, a {@link RunOrder} as JSON, the first bytes of stdin. */
  run: 1,
  /** The program asked for; empty when there will be none and the run is over. */
  program: 2,
  /** The bytes asked for; empty at the end of the input. */
  data: 3,
} as const;

/** Frames that the child sends. */
export const ToSandbox = {
  /** CPU time of the process so far in ms, as `f64le`. */
  ready: 16,
  needProgram: 17,
  /** `u32le source, f64le offset, u32le length` */
  read: 18,
  stdout: 19,
  stderr: 20,
  /** The path of a result file, below the result folder; its bytes follow. */
  file: 21,
  fileData: 22,
  /** A {@link RunReport} as JSON. */
  done: 23,
} as const;

/** The longest payload of a frame with output, input or file data. */
export const CHUNK_BYTES = 65_536;

/** Stdin's number among the sources that a child can read from; input file `i` is `i + 1`. */
export const STDIN_SOURCE = 0;

/** One run, as the child is told. */
export interface RunOrder {
  readonly sha256: string;
  readonly memoryPages: number;
  readonly args: readonly string[];
  /** `KEY=VALUE` */
  readonly env: readonly string[];
  /** False when the bytes in the frame are all there is. */
  readonly isStdinPulled: boolean;
  readonly files: readonly { readonly path: string; readonly sizeBytes: number }[];
  readonly outputLimitBytes: number;
  readonly fileLimitBytes: number;
  /** Set where nothing else ends a child that outlives its sandbox. */
  readonly deadlineMs: number | null;
}

/** Why a program that did start has failed. */
export type GuestFailure =
  | 'memory_limit'
  | 'output_limit'
  | 'file_limit'
  | 'stack_overflow'
  | 'trap'
  /** The program could not be compiled or linked. */
  | 'invalid_program'
  | 'deadline';

/** How a run ended. */
export interface RunEnd {
  readonly exitCode: number | null;
  readonly reason?: GuestFailure;
  readonly message?: string;
  readonly peakMemoryBytes: number;
}

/** What the child reports of a run. */
export interface RunReport extends RunEnd {
  /** CPU time of the run, compiling included. */
  readonly cpuMs: number;
  /** CPU time of the process since it was started. */
  readonly processCpuMs: number;
}
