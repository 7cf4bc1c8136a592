/** The dialog that imports chats, loaded when it is first shown. */

import { lazy } from "../lazy";

export const LazyImportChats = lazy(() => import("./ImportChats").then((part) => part.ImportChats));
