/** Read and change who may do what with a collection. */

import * as hubbub from "../api/hubbub";
import type { Given, Grant, Group } from "../api/resources";
import { loadCollections } from "./library";
import { tell } from "./notices";

/** What was given for a collection, and the groups that it can be shared with. */
export async function sharingOf(signal: AbortSignal, collectionId: string): Promise<[Given, Group[]]> {
  return Promise.all([hubbub.grants(signal, collectionId), hubbub.groups(signal)]);
}

/** Share a collection with these and nobody else; false (and the person is told) where that failed. */
export async function share(collectionId: string, grants: readonly Grant[]): Promise<boolean> {
  const { signal } = new AbortController();
  try {
    await hubbub.putGrants(signal, collectionId, grants);
    await loadCollections(signal);
    return true;
  } catch (error) {
    tell(error);
    return false;
  }
}
