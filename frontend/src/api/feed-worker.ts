/** The worker that all tabs of a browser share: it alone holds a connection, and follows answers for all of them. */

import { makeHub } from "./feed-hub";
import type { ToWorker } from "./feed-messages";
import { onReachability } from "./http";

const hub = makeHub();

onReachability((isReachable) => hub.tellAll({ kind: "reachable", isReachable }));

addEventListener("connect", (event) => {
  const port = (event as MessageEvent).ports[0] as MessagePort;
  port.onmessage = ({ data }: MessageEvent<ToWorker>) => hub.hear(port, data);
});
