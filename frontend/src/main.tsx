/** Start the page. */

import { render } from "preact";
import { runFinding } from "./state/finding";
import { start } from "./state/session";
import { runThread } from "./state/thread";
import "./views/tokens.css";
import "./views/base.css";
import { App } from "./views/app/App";

runThread();
runFinding();
start(new AbortController().signal);
render(<App />, document.getElementById("app") as HTMLElement);
