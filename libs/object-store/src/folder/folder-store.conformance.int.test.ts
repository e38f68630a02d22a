import test from 'ava';
import { fileScope, tempDir } from '@mitosis/testing';
import { multipartSuite } from '../conformance/multipart-suite.js';
import { objectsSuite } from '../conformance/objects-suite.js';
import { signedSuite } from '../conformance/signed-suite.js';
import { folderSubject, type FolderSubject } from './folder-subject.js';

const file = fileScope(test);
const subject = {} as FolderSubject;

test.before(async () => {
  Object.assign(subject, await folderSubject(file, await tempDir(file)));
});

objectsSuite(test.serial, subject);
signedSuite(test.serial, subject);
multipartSuite(test.serial, subject);
