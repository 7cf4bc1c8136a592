/** Start the page. */

import { render } from "preact";
import { runFinding } from "./state/finding";
import { runQueue } from "./state/queue";
import { start } from "./state/session";
import { runThread } from "./state/thread";
import "./views/tokens.css";
import "./views/base.css";
import { App } from "./views/app/App";

// Last: it takes back what the others say, on paper.
import "./views/print.css";

runThread();
runFinding();
runQueue();
start(new AbortController().signal);
render(<App />, document.getElementById("app") as HTMLElement);
