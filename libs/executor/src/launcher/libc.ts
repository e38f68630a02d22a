import { closeSync, constants, openSync } from 'node:fs';
import koffi from 'koffi';
import type { TerminalSize } from '../execution.js';
import { describeErrno } from '../system-error.js';

/** The calls of the C library that Node does not offer; Linux on 64-bit machines, glibc 2.29+ or musl. */
export interface Libc {
  /** Starts a program; returns its pid or, as a negative number, the error. Blocks until it runs. */
  posixSpawn(options: PosixSpawnOptions): number;
  /** A pipe whose ends are closed on exec: [read, write], or undefined with the error in `errno`. */
  pipe(): [number, number] | undefined;
  /** A new pseudo terminal; throws with the system's reason. The descriptor is non-blocking and closed on exec. */
  openTerminal(): { readonly masterFd: number; readonly path: string };
  setTerminalSize(fd: number, size: TerminalSize): void;
  /** The pid of a child that has ended and was not reaped yet; 0 when there is none. */
  endedChild(): number;
  /** Reaps a child that has ended. */
  reap(pid: number): ReapedChild;
  /** The process group of `pid`; -1 when it is gone. */
  groupOf(pid: number): number;
  /** Orphans below this process become its children, not init's (prctl(2), PR_SET_CHILD_SUBREAPER). */
  becomeSubreaper(): boolean;
  /** Soft limit RLIMIT_RTTIME of this process and of those that it starts; false when refused. */
  setRealtimeLimit(us: bigint): boolean;
  /** The cores that whatever is started from now on may use; false when refused. */
  setCores(cores: readonly number[]): boolean;
  errno(): number;
}

export interface PosixSpawnOptions {
  readonly file: string;
  readonly args: readonly string[];
  /** `NAME=value` */
  readonly env: readonly string[];
  readonly cwd: string;
  /** What becomes 0, 1 and 2: these, or the terminal at a path, which becomes the controlling one. */
  readonly stdio: readonly [number, number, number] | string;
}

export interface ReapedChild {
  /** As wait(2) gives it. */
  readonly status: number;
  readonly userCpuMs: number;
  readonly systemCpuMs: number;
  readonly maxRssBytes: number;
}

// <spawn.h>, <sys/wait.h>, <sys/prctl.h>, <sys/resource.h>: the same on x86-64 and arm64, glibc and musl.
const SPAWN_SETSIGDEF = 0x04;
const SPAWN_SETSIGMASK = 0x08;
const SPAWN_SETSID = 0x80;
const WNOHANG = 1;
const WEXITED = 4;
const WNOWAIT = 0x0100_0000;
const P_ALL = 0;
const PR_SET_CHILD_SUBREAPER = 36;
const O_CLOEXEC = 0o2000000;
/** Of a cpu_set_t (sched.h). */
const CPU_SET_BYTES = 128;
const RLIMIT_RTTIME = 15;
const RLIM_INFINITY = 0xffff_ffff_ffff_ffffn;
/** `si_pid` in a siginfo_t that waitid(2) filled in. */
const SI_PID_OFFSET = 16;
/** More than any posix_spawnattr_t (336), posix_spawn_file_actions_t (80), sigset_t, siginfo_t, rusage. */
const STRUCT_BYTES = 1024;

/** Binds the calls; throws when this system is not one that the constants above are for. */
export function loadLibc(): Libc {
  if (process.platform !== 'linux' || !['x64', 'arm64'].includes(process.arch)) {
    throw new Error(`no bindings for ${process.platform} on ${process.arch}`);
  }
  const lib = koffi.load(null);
  const call = <T>(definition: string): T => lib.func(definition) as T;
  const posixSpawn = bindPosixSpawn(call);
  const pipe2 = call<(fds: number[], flags: number) => number>('int pipe2(_Out_ int *fds, int flags)');
  const wait = bindWait(call);
  const getpgid = call<(pid: number) => number>('int getpgid(int pid)');
  const prctl = call<(option: number, value: number) => number>('int prctl(int option, unsigned long value)');
  const setrlimit = call<(resource: number, limits: Buffer) => number>(
    'int setrlimit(int resource, const void *limits)',
  );
  const setaffinity = call<(pid: number, size: number, mask: Buffer) => number>(
    'int sched_setaffinity(int pid, size_t size, const void *mask)',
  );
  return {
    ...wait,
    ...bindTerminal(call),
    posixSpawn,
    pipe() {
      const fds = [-1, -1];
      return pipe2(fds, O_CLOEXEC) === 0 ? [fds[0] ?? -1, fds[1] ?? -1] : undefined;
    },
    groupOf: getpgid,
    becomeSubreaper: () => prctl(PR_SET_CHILD_SUBREAPER, 1) === 0,
    setRealtimeLimit(us) {
      const limits = Buffer.alloc(16);
      limits.writeBigUInt64LE(us, 0);
      limits.writeBigUInt64LE(RLIM_INFINITY, 8);
      return setrlimit(RLIMIT_RTTIME, limits) === 0;
    },
    setCores(cores) {
      const mask = Buffer.alloc(CPU_SET_BYTES);
      for (const core of cores)
        if (core < CPU_SET_BYTES * 8) mask[core >> 3] = (mask[core >> 3] ?? 0) | (1 << (core & 7));
      return setaffinity(0, CPU_SET_BYTES, mask) === 0;
    },
    errno: () => koffi.errno(),
  };
}

/** <asm-generic/ioctls.h>, the same on x86-64 and arm64. */
const TIOCGPTN = 0x8004_5430;
const TIOCSPTLCK = 0x4004_5431;
const TIOCSWINSZ = 0x5414;

function bindTerminal(call: Bind): Pick<Libc, 'openTerminal' | 'setTerminalSize'> {
  const ioctl = call<(fd: number, request: number, type: 'void *', argument: Buffer) => number>(
    'int ioctl(int fd, unsigned long request, ...)',
  );
  const control = (fd: number, request: number, argument: Buffer): void => {
    if (ioctl(fd, request, 'void *', argument) !== 0)
      throw new Error(`ioctl(2) of a terminal: ${describeErrno(koffi.errno())}`);
  };
  return {
    openTerminal() {
      const masterFd = openSync('/dev/ptmx', constants.O_RDWR | constants.O_NOCTTY | constants.O_NONBLOCK);
      try {
        control(masterFd, TIOCSPTLCK, Buffer.alloc(4));
        const number = Buffer.alloc(4);
        control(masterFd, TIOCGPTN, number);
        return { masterFd, path: `/dev/pts/${number.readUInt32LE()}` };
      } catch (error) {
        closeSync(masterFd);
        throw error;
      }
    },
    setTerminalSize(fd, { cols, rows }) {
      control(fd, TIOCSWINSZ, Buffer.from(new Uint16Array([rows, cols, 0, 0]).buffer));
    },
  };
}

type Bind = <T>(definition: string) => T;

function bindPosixSpawn(call: Bind): Libc['posixSpawn'] {
  const initActions = call<(fa: Buffer) => number>('int posix_spawn_file_actions_init(void *fa)');
  const destroyActions = call<(fa: Buffer) => number>('int posix_spawn_file_actions_destroy(void *fa)');
  const addDup2 = call<(fa: Buffer, fd: number, as: number) => number>(
    'int posix_spawn_file_actions_adddup2(void *fa, int fd, int newfd)',
  );
  const addOpen = call<(fa: Buffer, fd: number, path: string, flags: number, mode: number) => number>(
    'int posix_spawn_file_actions_addopen(void *fa, int fd, const char *path, int flags, unsigned int mode)',
  );
  const addChdir = call<(fa: Buffer, path: string) => number>(
    'int posix_spawn_file_actions_addchdir_np(void *fa, const char *path)',
  );
  const spawn = call<SpawnCall>(
    'int posix_spawn(_Out_ int *pid, const char *path, void *fa, void *attr, const char **argv, const char **envp)',
  );
  const attributes = spawnAttributes(call);
  return ({ file, args, env, cwd, stdio }) => {
    const actions = Buffer.alloc(STRUCT_BYTES);
    initActions(actions);
    try {
      // The leader of a new session gets the first terminal that it opens as its controlling one.
      if (typeof stdio === 'string') addOpen(actions, 0, stdio, constants.O_RDWR, 0);
      for (const [as, fd] of (typeof stdio === 'string' ? [0, 0, 0] : stdio).entries()) addDup2(actions, fd, as);
      addChdir(actions, cwd);
      const pid = [0];
      const error = spawn(pid, file, actions, attributes, [...args, null], [...env, null]);
      return error === 0 ? (pid[0] ?? 0) : -error;
    } finally {
      destroyActions(actions);
    }
  };
}

type SpawnCall = (
  pid: number[],
  path: string,
  actions: Buffer,
  attributes: Buffer,
  argv: readonly (string | null)[],
  envp: readonly (string | null)[],
) => number;

/** A session of its own, no signal blocked, none ignored (Node ignores SIGPIPE, and that is inherited). */
function spawnAttributes(call: Bind): Buffer {
  const attributes = Buffer.alloc(STRUCT_BYTES);
  const init = call<(attr: Buffer) => number>('int posix_spawnattr_init(void *attr)');
  const setFlags = call<(attr: Buffer, flags: number) => number>(
    'int posix_spawnattr_setflags(void *attr, short flags)',
  );
  const setDefaults = call<(attr: Buffer, set: Buffer) => number>(
    'int posix_spawnattr_setsigdefault(void *attr, const void *set)',
  );
  const setMask = call<(attr: Buffer, set: Buffer) => number>(
    'int posix_spawnattr_setsigmask(void *attr, const void *set)',
  );
  init(attributes);
  setDefaults(attributes, Buffer.alloc(STRUCT_BYTES, 0xff));
  setMask(attributes, Buffer.alloc(STRUCT_BYTES));
  setFlags(attributes, SPAWN_SETSIGDEF | SPAWN_SETSIGMASK | SPAWN_SETSID);
  return attributes;
}

function bindWait(call: Bind): Pick<Libc, 'endedChild' | 'reap'> {
  const waitid = call<(type: number, id: number, info: Buffer, options: number) => number>(
    'int waitid(int type, int id, void *info, int options)',
  );
  const wait4 = call<(pid: number, status: number[], options: number, usage: Buffer) => number>(
    'int wait4(int pid, _Out_ int *status, int options, void *usage)',
  );
  const info = Buffer.alloc(STRUCT_BYTES);
  const usage = Buffer.alloc(STRUCT_BYTES);
  return {
    endedChild() {
      info.fill(0);
      return waitid(P_ALL, 0, info, WEXITED | WNOHANG | WNOWAIT) === 0 ? info.readInt32LE(SI_PID_OFFSET) : 0;
    },
    reap(pid) {
      const status = [0];
      wait4(pid, status, 0, usage);
      return {
        status: status[0] ?? 0,
        userCpuMs: readTimevalMs(usage, 0),
        systemCpuMs: readTimevalMs(usage, 16),
        maxRssBytes: Number(usage.readBigInt64LE(32)) * 1024,
      };
    },
  };
}

function readTimevalMs(buffer: Buffer, offset: number): number {
  return Number(buffer.readBigInt64LE(offset)) * 1000 + Number(buffer.readBigInt64LE(offset + 8)) / 1000;
}
