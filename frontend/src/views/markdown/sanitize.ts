/** Let only harmless HTML through: the second defence, which does not rely on how the HTML was made. */

import DOMPurify from "dompurify";

export const WEB_ADDRESS = /^(?:https?:\/\/|mailto:)/i;
export const LINK_REL = "noopener noreferrer nofollow";

const TAGS = [
  ..."a b blockquote br button caption code dd del details div dl dt em h3 h4 h5 h6 hr i ins kbd li mark ol p pre s samp small".split(
    " ",
  ),
  ..."span strong sub summary sup table tbody td tfoot th thead tr u ul var".split(" "),
];
const ATTRIBUTES =
  "align aria-label class colspan data-marker dir href open rel role rowspan start tabindex target title type".split(
    " ",
  );

const purifier = DOMPurify(window);
purifier.addHook("afterSanitizeAttributes", (node) => {
  if (node.nodeName !== "A") return;
  node.setAttribute("rel", LINK_REL);
  node.setAttribute("target", "_blank");
});

export function sanitize(html: string): string {
  return purifier.sanitize(html, {
    ALLOWED_TAGS: TAGS,
    ALLOWED_ATTR: ATTRIBUTES,
    ALLOWED_URI_REGEXP: WEB_ADDRESS,
    ADD_URI_SAFE_ATTR: ATTRIBUTES.filter((name) => name !== "href"), // only this one holds an address
    ALLOW_DATA_ATTR: false,
    ALLOW_ARIA_ATTR: false,
  });
}
