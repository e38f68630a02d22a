#!/usr/bin/env -S node --
import module from 'node:module';
import { start } from './start.js';

// From Node.js 22.8 on: what was compiled once is not compiled again at the next start.
(module as { enableCompileCache?: () => void }).enableCompileCache?.();
await start();
