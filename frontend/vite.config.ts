/** Build the page into the Python package, with the API's reference page beside it. */

import { readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { defineConfig, type Plugin } from "vite";

const require = createRequire(import.meta.url);
const server = process.env.HUBBUB_URL ?? "http://127.0.0.1:8000";

/** Puts Swagger UI and our small page around it into `docs/`. */
function apiReference(): Plugin {
  const foreign = ["swagger-ui.css", "swagger-ui-bundle.js", "LICENSE", "NOTICE"];
  return {
    name: "api-reference",
    apply: "build",
    generateBundle() {
      for (const name of foreign) {
        const source = readFileSync(require.resolve(`swagger-ui-dist/${name}`));
        this.emitFile({ type: "asset", fileName: `docs/${name}`, source });
      }
      for (const name of ["index.html", "init.js", "page.css"]) {
        const source = readFileSync(new URL(`./docs/${name}`, import.meta.url));
        this.emitFile({ type: "asset", fileName: `docs/${name}`, source });
      }
    },
  };
}

/** Puts the page that draws diagrams into `diagram/`, with Mermaid as its authors built it. */
function diagrams(): Plugin {
  return {
    name: "diagrams",
    apply: "build",
    generateBundle() {
      const files = {
        "mermaid.min.js": require.resolve("mermaid/dist/mermaid.min.js"),
        "index.html": new URL("./diagram/index.html", import.meta.url),
        "draw.js": new URL("./diagram/draw.js", import.meta.url),
      };
      for (const [name, path] of Object.entries(files))
        this.emitFile({ type: "asset", fileName: `diagram/${name}`, source: readFileSync(path) });
    },
  };
}

/** Puts the compressed form beside each file of text, so that the server need not make it at its start. */
function compressed(): Plugin {
  return {
    name: "compressed",
    apply: "build",
    // Of what was written: before, others may still change it.
    writeBundle({ dir = "" }, bundle) {
      for (const fileName of Object.keys(bundle)) {
        if (!/\.(?:js|css|html|svg|json)$/.test(fileName)) continue;
        writeFileSync(join(dir, `${fileName}.gz`), gzipSync(readFileSync(join(dir, fileName)), { level: 9 }));
      }
    },
  };
}

/** Leaves out the older forms of KaTeX's fonts: every browser that can run the page reads WOFF2. */
function newFontsOnly(): Plugin {
  return {
    name: "new-fonts-only",
    enforce: "pre",
    transform(code, id) {
      if (!/katex[^/]*\.css/.test(id)) return null;
      return code.replace(/,\s*url\([^)]*\.(?:woff|ttf)\)\s*format\("(?:woff|truetype)"\)/g, "");
    },
  };
}

/** Leaves the catalogues of languages out of workers, which say nothing to people. */
function speechless(): Plugin {
  const question = 'typeof document !== "undefined"';
  return {
    name: "speechless",
    enforce: "pre",
    transform(code, id) {
      if (!id.endsWith("/language/t.ts")) return null;
      if (!code.includes(question))
        throw new Error(`language/t.ts asks no longer whether it is in a page: ${question}`);
      return code.replace(question, "false");
    },
  };
}

interface Modules {
  getModuleInfo(id: string): { isEntry: boolean; importers: readonly string[] } | null;
}

/** Puts all that the first load needs into one file: in dozens of small ones it would be shared with what comes later. */
function firstLoad(id: string, modules: Modules): string | null {
  const seen = new Set<string>();
  const isNeeded = (one: string): boolean => {
    if (seen.has(one)) return false;
    seen.add(one);
    const known = modules.getModuleInfo(one);
    return known !== null && (known.isEntry || known.importers.some(isNeeded));
  };
  return isNeeded(id) ? "first" : null;
}

export default defineConfig({
  base: "./",
  plugins: [apiReference(), diagrams(), newFontsOnly(), compressed()],
  oxc: { jsx: { runtime: "automatic", importSource: "preact" } },
  build: {
    outDir: "../src/hubbub/web/static",
    emptyOutDir: true,
    modulePreload: { polyfill: false },
    assetsInlineLimit: 0,
    // For older ones `:dir()` would be written as a list of languages, which a text's own direction never meets.
    cssTarget: ["chrome120", "firefox120", "safari16.4"],
    reportCompressedSize: true,
    rolldownOptions: { output: { codeSplitting: { groups: [{ name: firstLoad }] } } },
  },
  worker: { format: "es", plugins: () => [speechless()] },
  server: { proxy: { "/api": server } },
});
