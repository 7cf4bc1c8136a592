/** Give each file of tests the page's modules, and what the browser keeps, as new: they share one process. */

import { vi } from "vitest";

vi.resetModules();
localStorage.clear();
sessionStorage.clear();
document.body.replaceChildren();
