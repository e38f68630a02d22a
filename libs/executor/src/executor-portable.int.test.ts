import test from 'ava';
import { registerExecutorSuite } from './conformance/executor-suite.js';
import { registerGuestSuite } from './conformance/guest-suite.js';
import { registerTerminalSuite } from './conformance/terminal-suite.js';

registerExecutorSuite(test, 'portable');
registerTerminalSuite(test, 'portable');
registerGuestSuite(test, 'portable');
