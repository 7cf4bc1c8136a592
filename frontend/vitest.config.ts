/** Run the tests in a browser's stead (jsdom), over real sockets where they speak HTTP. */

import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["tests/**/*.test.ts"],
    environment: "jsdom",
    // Loading jsdom takes longer than most files of tests.
    isolate: false,
    setupFiles: ["tests/fresh.ts"],
    // Only what never ends fails by time: other tests run beside these.
    testTimeout: 60_000,
    hookTimeout: 60_000,
    environmentOptions: { jsdom: { url: "http://127.0.0.1/" } },
  },
});
