// Key files that a browser keeps, in IndexedDB.
//
// Invariant: a record holds the encrypted key file and nothing that opens it. Before the request has an id, the record stands
// under the digest of its public key; the status page moves it under the id.

/** A record that no request claimed is of a form that was never sent. */
const UNCLAIMED_MILLISECONDS = 60 * 24 * 60 * 60 * 1000;
const STORE = "keys";
const unclaimed = (digest) => `key:${digest}`;

/** True if this browser may keep a file. A private window may have no store, which shows when it is opened. */
export const canKeep = () => globalThis.indexedDB !== undefined && globalThis.indexedDB !== null;

function settled(request) {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
    request.onblocked = () => reject(new Error("blocked"));
  });
}

/** The database; `undefined` if there is none and none is to be made: whoever keeps nothing gets no database. */
async function open(mayMake) {
  const opening = indexedDB.open("countersign", 1);
  let isMissing = false;
  opening.onupgradeneeded = () => {
    if (mayMake) return opening.result.createObjectStore(STORE);
    isMissing = true;
    opening.transaction.abort();
  };
  try {
    return await settled(opening);
  } catch (error) {
    if (isMissing) return undefined;
    throw error;
  }
}

/** Runs `work` on the store in one transaction, and returns its result once that is committed. */
async function inStore(work, mayMake = false) {
  const database = await open(mayMake);
  if (!database) return undefined;
  try {
    const transaction = database.transaction(STORE, "readwrite");
    const done = new Promise((resolve, reject) => {
      transaction.oncomplete = resolve;
      transaction.onabort = () => reject(transaction.error);
    });
    const [result] = await Promise.all([work(transaction.objectStore(STORE)), done]);
    return result;
  } finally {
    database.close();
  }
}

/** Keeps the encrypted key file of a request that has no id yet, and forgets those that were never sent. */
export function keep(digest, encryptedKey) {
  const now = Date.now();
  const work = async (store) => {
    await settled(store.put({ encryptedKey, keptAt: now }, unclaimed(digest)));
    const keys = await settled(store.getAllKeys(IDBKeyRange.bound("key:", "key;", false, true)));
    for (const key of keys) {
      const { keptAt } = await settled(store.get(key));
      if (now - keptAt > UNCLAIMED_MILLISECONDS) await settled(store.delete(key));
    }
  };
  return inStore(work, true);
}

/** Forgets the file of a request that was not sent. */
export const forgetUnclaimed = (digest) => inStore((store) => settled(store.delete(unclaimed(digest))));

/** The encrypted key file of a request; `undefined` if there is none. Moves it under the id of the request. */
export function keptFor(id, digest) {
  return inStore(async (store) => {
    const fresh = await settled(store.get(unclaimed(digest)));
    if (fresh) {
      await settled(store.put(fresh, id));
      await settled(store.delete(unclaimed(digest)));
    }
    return (fresh ?? (await settled(store.get(id))))?.encryptedKey;
  });
}

/** Forgets the key file of a request. */
export const forget = (id) => inStore((store) => settled(store.delete(id)));
