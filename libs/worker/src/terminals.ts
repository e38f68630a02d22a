import { setTimeout as delay } from 'node:timers/promises';
import { MitoError, type Log } from '@mitosis/domain';
import type { Execution } from '@mitosis/executor';
import type { FromWorker, TerminalRefusal, ToWorker } from '@mitosis/protocol';
import type { RunningAttempts } from './running-attempts.js';

type Request = Extract<ToWorker, { type: 'terminal' }>;
type Answer = Extract<FromWorker, { type: 'terminal' }>;

/** How far somebody who types on an attempt has come. */
interface Session {
  /** Bytes that were handed to the terminal; all of them, unless the program has ended. */
  typed: number;
  /** Settles when the terminal has taken them. */
  taken: Promise<number>;
}

/** People who type on one attempt; of more the one who came first is forgotten. */
const SESSIONS_MAX = 100;

const REFUSALS: Readonly<Record<string, TerminalRefusal>> = {
  no_terminal: 'no_terminal',
  execution_ended: 'terminal_ended',
  input_gap: 'input_gap',
};

/**
 * Operates the terminals of running attempts for people elsewhere. A request may come twice, for its
 * answer may have been lost: each byte of a session is typed once.
 */
export class Terminals {
  private readonly sessions = new WeakMap<Execution, Map<string, Session>>();

  constructor(
    private readonly running: Pick<RunningAttempts, 'execution'>,
    private readonly send: (message: FromWorker) => void,
    private readonly log: Log,
  ) {}

  operate(request: Request): void {
    this.answer(request).then(
      (answer) => this.send(answer),
      (error: unknown) => this.refuse(request, error),
    );
  }

  /** To an error of ours there is no answer: whoever asked asks again. */
  private refuse(request: Request, error: unknown): void {
    const refusal = error instanceof MitoError ? REFUSALS[error.code] : undefined;
    if (refusal === undefined) this.log.error({ err: error }, 'a terminal could not be operated');
    else this.send({ ...answerTo(request), refusal });
  }

  private async answer(request: Request): Promise<Answer> {
    const execution = await this.running.execution(request.attempt, new AbortController().signal);
    if (!execution) throw new MitoError('conflict', 'execution_ended', 'the attempt does not run here');
    const { size, typed } = request;
    const offset = size === undefined ? 0 : await resize(execution, size);
    if (typed === undefined) return { ...answerTo(request), offset };
    return { ...answerTo(request), ...(await this.type(execution, typed)) };
  }

  private async type(
    execution: Execution,
    { session: id, offset, data_base64 }: NonNullable<Request['typed']>,
  ): Promise<Pick<Answer, 'taken' | 'offset'>> {
    const session = this.session(execution, id);
    const data = Buffer.from(data_base64, 'base64');
    if (offset > session.typed) throw new MitoError('conflict', 'input_gap', 'what was typed before has not arrived');
    const fresh = data.subarray(session.typed - offset);
    if (fresh.length > 0) {
      session.typed += fresh.length;
      session.taken = execution.operateTerminal({ data: fresh });
    }
    return { taken: session.typed, offset: await session.taken };
  }

  private session(execution: Execution, id: string): Session {
    const sessions = this.sessions.get(execution) ?? new Map<string, Session>();
    this.sessions.set(execution, sessions);
    const session = sessions.get(id) ?? { typed: 0, taken: Promise.resolve(0) };
    sessions.set(id, session);
    const [oldest] = sessions.keys();
    if (sessions.size > SESSIONS_MAX && oldest !== undefined) sessions.delete(oldest);
    return session;
  }
}

/** How long a program has to see that its terminal is one row larger, before it is made smaller again. */
const SEEN_MS = 150;
const LOOK_MS = 10;

async function hasPrinted(execution: Execution, offset: number): Promise<void> {
  const deadline = performance.now() + SEEN_MS;
  while (performance.now() < deadline && (await execution.outputBytes()) <= offset) await delay(LOOK_MS);
}

/** One row more and back has it drawn again, for programs do that when they see that their size has changed. */
async function resize(execution: Execution, { redraw, ...size }: NonNullable<Request['size']>): Promise<number> {
  if (!redraw) return execution.operateTerminal({ size });
  const offset = await execution.operateTerminal({ size: { ...size, rows: Math.max((size.rows + 1) % 65_536, 1) } });
  await hasPrinted(execution, offset);
  await execution.operateTerminal({ size });
  return offset;
}

const answerTo = ({ request }: Request): Answer => ({ type: 'terminal', request, taken: 0, offset: 0 });
