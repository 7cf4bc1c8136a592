/** Draw diagrams for the page around this one. This one has no origin: it can reach neither that page nor a server. */

/** What a diagram may not set for itself: how safe it is, and styles, which could name addresses. */
const SETTLED = [
  ...["secure", "securityLevel", "startOnLoad", "maxTextSize", "maxEdges", "suppressErrorRendering"],
  ...["theme", "themeCSS", "themeVariables", "fontFamily", "altFontFamily", "htmlLabels", "dompurifyConfig"],
];
let count = 0;

addEventListener("message", async ({ source, data: { id, text, isDark } }) => {
  let told;
  try {
    mermaid.initialize({
      startOnLoad: false,
      secure: SETTLED,
      securityLevel: "strict",
      htmlLabels: false,
      flowchart: { htmlLabels: false },
      theme: isDark ? "dark" : "neutral",
      suppressErrorRendering: true,
      maxTextSize: 20_000,
      maxEdges: 300,
    });
    const { svg } = await mermaid.render(`diagram-${++count}`, text);
    told = { id, svg };
  } catch (error) {
    told = { id, error: String(error?.message ?? error).slice(0, 300) };
  }
  source.postMessage(told, "*");
});
parent.postMessage({ isReady: true }, "*");
