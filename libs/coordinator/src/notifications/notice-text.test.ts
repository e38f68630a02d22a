import test from 'ava';
import { isStorableText } from '@mitosis/domain';
import { MailChannel } from './channels/mail.js';
import { SlackChannel } from './channels/slack.js';
import { noticeText } from './notice-text.js';
import type { Notice, Outgoing } from './notice.js';

const HTTP = { timeoutMs: 1, allowed: [] };
const LINK = 'https://mito.example.org/#/jobs/01a22ee3-5373-750d-adac-4dffbf304792';

function outgoing(notice: Partial<Notice>, more: Outgoing['more'] = { count: 0, titles: [] }): Outgoing {
  return {
    id: '01a22ee3-5373-750d-adac-4dffbf304792',
    createdAt: new Date(0),
    notice: {
      event: 'failed',
      title: 'job train in lab failed: 4,000 of 5,000 tasks failed',
      subject: {
        kind: 'job',
        uuid: '01a22ee3-5373-750d-adac-4dffbf304792',
        name: 'train',
        group: 'lab',
        creator: 'ann',
        state: 'failed',
        counts: { completed: 1000, failed: 4000 },
      },
      used: { elapsed_ms: 60_000, wall_ms: 120_000, cpu_ms: 90_000, peak_rss_bytes: 1_048_576, attempts: 5000 },
      failures: [],
      other_failures: 0,
      reason: null,
      link: LINK,
      ...notice,
    },
    more,
  };
}

const HOSTILE = [
  '<!channel> & <https://evil.example|click> ```'.repeat(220),
  '👩‍👩‍👧‍👦'.repeat(900),
  '&'.repeat(10_000),
  'e\u0301'.repeat(5000),
];

test('a text is within the limit of its channel after escaping, with its counts and its link', (t) => {
  const failures = Array.from({ length: 300 }, (_, index) => ({
    count: 13,
    why: `exit code ${index % 256}`,
    lines: HOSTILE,
  }));
  const message = outgoing({ failures, other_failures: 100 }, { count: 9, titles: HOSTILE });
  const { text } = JSON.parse(new SlackChannel(HTTP).render(message)) as { text: string };
  t.true(text.length <= 3000, String(text.length));
  t.true(isStorableText(text));
  for (const part of ['4,000 failed', LINK, 'And 9 more', 'more failed tasks are not shown'])
    t.true(text.includes(part), part);
  t.false(/<!channel>|<https/.test(text));
  t.is((text.match(/```/g) ?? []).length % 2, 0);
  const mail = JSON.parse(new MailChannel({ url: '', from: '', timeoutMs: 1 }).render(message)) as {
    subject: string;
    text: string;
  };
  t.true(mail.text.length <= 50_000 && mail.text.includes(LINK));
});

test('a hostile title does not push out the counts and the link, whatever the limit', (t) => {
  for (const title of HOSTILE)
    for (const unitsMax of [600, 1000, 3000]) {
      const escaped = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
      const text = noticeText(outgoing({ title, reason: title }), { unitsMax, escaped, quote: '' });
      t.true(text.length <= unitsMax, `${text.length} of ${unitsMax}`);
      t.true(text.includes(LINK) && text.includes('4,000 failed'));
      t.true(isStorableText(text));
    }
});

test('a mail says what happened, what it used and why tasks failed', (t) => {
  const failures = [{ count: 4000, why: 'exit code 1', lines: ['Traceback', 'KeyError: x'] }];
  const text = noticeText(outgoing({ failures }), { unitsMax: 5000, escaped: (plain) => plain, quote: '' });
  t.is(
    text,
    `job train in lab failed: 4,000 of 5,000 tasks failed

Tasks: 1,000 completed, 4,000 failed.

It took 1 m 0 s; 5,000 attempts used 2 m 0 s, 1 m 30 s of a core, 1.0 MiB of memory at most.

4,000 × exit code 1
Traceback
KeyError: x

${LINK}`,
  );
});
