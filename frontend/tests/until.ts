/** Wait for a state, for as long as a busy machine may take. */

import { vi } from "vitest";

export const until = (holds: () => void) => vi.waitFor(holds, { timeout: 30_000 });
