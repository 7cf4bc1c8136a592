/** Show the page to who may use it, and the way in to all others. */

import { route } from "../../state/route";
import { needsSignIn } from "../../state/session";
import { App } from "./App";
import { Shared, SignIn, UseLink } from "./parts";

export function Root() {
  if (route.value.page === "welcome") return <UseLink />;
  if (route.value.page === "shared") return <Shared />;
  return needsSignIn.value ? <SignIn /> : <App />;
}
