/** Start the page. */

import { render } from "preact";
import { runAttachments } from "./state/attachments";
import { runFinding } from "./state/finding";
import { runGuest } from "./state/guest";
import { comeBack } from "./state/leaving";
import { runQueue } from "./state/queue";
import { runRefusals } from "./state/refusals";
import { start } from "./state/session";
import { runThread } from "./state/thread";
import { runWish } from "./state/wish";
import "./views/tokens.css";
import "./views/base.css";
import { Root } from "./views/app/Root";

// Last: it takes back what the others say, on paper.
import "./views/print.css";

comeBack();
runThread(new AbortController().signal);
runFinding();
runQueue();
runGuest();
runAttachments();
runWish();
runRefusals(new AbortController().signal);
start(new AbortController().signal);
render(<Root />, document.getElementById("app") as HTMLElement);
