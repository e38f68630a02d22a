import test from 'ava';
import { registerExecutorSuite } from './conformance/executor-suite.js';

registerExecutorSuite(test, 'portable');
