/** Draw diagrams for the page around this one. This one has no origin: it can reach neither that page nor a server. */

/** What a diagram may not set for itself: how safe it is, and styles, which could name addresses. */
const SETTLED = [
  ...["secure", "securityLevel", "startOnLoad", "maxTextSize", "maxEdges", "suppressErrorRendering"],
  ...["theme", "themeCSS", "themeVariables", "fontFamily", "altFontFamily", "htmlLabels", "dompurifyConfig"],
];
/** Pieces that are told apart, each light enough for dark words. */
const PIECES = ["#8cc3bb", "#e0b76c", "#a3b3e0", "#e09c90", "#a9c984", "#c9a6d6", "#e3d27f", "#86bfd8"];
const PIECE_COLOURS = Object.fromEntries(
  Array.from({ length: 12 }, (_, index) => [`pie${index + 1}`, PIECES[index % PIECES.length]]),
);
let count = 0;

/** The SVG as XML, which a picture has to be, and with a size of its own: by its view box alone it has none in some browsers. */
function pictureOf(svg) {
  const drawn = new DOMParser().parseFromString(svg, "text/html").querySelector("svg");
  const { width, height } = drawn.viewBox.baseVal ?? {};
  if (width && height) {
    drawn.setAttribute("width", width);
    drawn.setAttribute("height", height);
  }
  return new XMLSerializer().serializeToString(drawn);
}

addEventListener("message", async ({ source, data: { id, text, isDark } }) => {
  let told;
  try {
    mermaid.initialize({
      startOnLoad: false,
      secure: SETTLED,
      securityLevel: "strict",
      htmlLabels: false,
      flowchart: { htmlLabels: false },
      gantt: { useWidth: 900 }, // or it takes the width of this page, which nobody sees
      theme: isDark ? "dark" : "neutral",
      themeVariables: { ...PIECE_COLOURS, pieOpacity: "1", pieSectionTextColor: "#1c1b18" },
      suppressErrorRendering: true,
      maxTextSize: 20_000,
      maxEdges: 300,
    });
    const { svg } = await mermaid.render(`diagram-${++count}`, text);
    told = { id, svg: pictureOf(svg) };
  } catch (error) {
    told = { id, error: String(error?.message ?? error).slice(0, 300) };
  }
  source.postMessage(told, "*");
});
parent.postMessage({ isReady: true }, "*");
