/** A map that stays bounded: beyond its size the entries that were not used for longest are forgotten. */
export interface Recent<T> {
  find(key: string): T | undefined;
  get(key: string, make: () => T): T;
  set(key: string, value: T): void;
}

/** How many of the oldest are looked at for one that may go. */
const candidates = 16;

export function createRecent<T>(most: number, mayGo: (value: T) => boolean = () => true): Recent<T> {
  const entries = new Map<string, T>();
  const set = (key: string, value: T) => {
    entries.delete(key);
    entries.set(key, value);
    if (entries.size <= most) return;
    let looked = 0;
    for (const [old, other] of entries) {
      if (mayGo(other) || ++looked === candidates) return void entries.delete(old);
    }
  };
  return {
    find: (key) => entries.get(key),
    get(key, make) {
      const value = entries.has(key) ? (entries.get(key) as T) : make();
      set(key, value);
      return value;
    },
    set,
  };
}
