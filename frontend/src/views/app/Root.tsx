/** Show the page to who may use it, and the way in to all others. */

import { route } from "../../state/route";
import { needsSignIn } from "../../state/session";
import { Shared } from "../shared/Shared";
import { SignIn } from "../sign-in/SignIn";
import { UseLink } from "../sign-in/UseLink";
import { App } from "./App";

export function Root() {
  if (route.value.page === "welcome") return <UseLink />;
  if (route.value.page === "shared") return <Shared />;
  return needsSignIn.value ? <SignIn /> : <App />;
}
