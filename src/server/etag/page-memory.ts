/** Which refunds a list showed under a tag: their freshness is told with a 304, and the list is not read for it. */
export interface PageMemory {
  find(tag: string): readonly string[] | undefined;
  keep(tag: string, globalIds: readonly string[]): void;
}

/** Ids that are kept; one takes about a hundred bytes. */
const MAX_IDS = 50_000;

/** Keeps what was used last. A page that was forgotten costs an execution, and nothing else. */
export function createPageMemory(maxIds = MAX_IDS): PageMemory {
  const pages = new Map<string, readonly string[]>();
  let ids = 0;
  const forget = (tag: string): void => {
    ids -= weightOf(pages.get(tag));
    pages.delete(tag);
  };
  return {
    find(tag) {
      const page = pages.get(tag);
      if (page !== undefined) {
        pages.delete(tag);
        pages.set(tag, page);
      }
      return page;
    },
    keep(tag, globalIds) {
      forget(tag);
      pages.set(tag, globalIds);
      ids += weightOf(globalIds);
      for (const oldest of pages.keys()) {
        if (ids <= maxIds) break;
        forget(oldest);
      }
    },
  };
}

/** An empty page takes its room, too. */
const weightOf = (page: readonly string[] | undefined): number => (page === undefined ? 0 : page.length + 1);
