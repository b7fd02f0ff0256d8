import path from 'node:path';

/** The repository. */
export const ROOT = path.resolve(import.meta.dirname, '../..');

/** Everything that the native suite brings along; git ignores it, and it may be deleted at any time. */
export const NATIVE_DIR = path.join(ROOT, '.native');

/** Where hyperswitch-prism is installed for the suite, beside the dependencies of the project. */
export const PRISM_DIR = path.join(NATIVE_DIR, 'prism');

export const PRISM_PACKAGE_DIR = path.join(PRISM_DIR, 'node_modules/hyperswitch-prism');
