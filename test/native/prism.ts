/** The package, found by the alias of this suite's configuration; its own types are not among the project's. */
const NAME = 'hyperswitch-prism';

export const prism = (await import(NAME)) as any;
