/** The parts of the page that are loaded when they are first shown. */

import { loadOperatorsWords } from "../../language/t";
import { lazy } from "../lazy";

const account = <div class="account" aria-busy="true" />;
const operators = <div class="operators" aria-busy="true" />;

export const Account = lazy(() => import("../account/Account").then((part) => part.Account), account);
export const ApiKeys = lazy(() => import("../account/ApiKeys").then((part) => part.ApiKeys), account);
export const Closed = lazy(() => import("../account/Closed").then((part) => part.Closed), account);
export const Library = lazy(() => import("../library/Library").then((part) => part.Library));
export const Operators = lazy(
  () => loadOperatorsWords().then(() => import("../operators/Operators").then((part) => part.Operators)),
  operators,
);
export const People = lazy(
  () => loadOperatorsWords().then(() => import("../account/People").then((part) => part.People)),
  account,
);
export const ShareChat = lazy(() => import("../shared/ShareChat").then((part) => part.ShareChat));
export const Shared = lazy(() => import("../shared/Shared").then((part) => part.Shared));
export const SignIn = lazy(() => import("../sign-in/SignIn").then((part) => part.SignIn));
export const Sources = lazy(() => import("../sources/Sources").then((part) => part.Sources));
export const TakeAlong = lazy(() => import("../account/TakeAlong").then((part) => part.TakeAlong));
export const UploadDialog = lazy(() => import("../uploads/UploadDialog").then((part) => part.UploadDialog));
export const UseLink = lazy(() => import("../sign-in/UseLink").then((part) => part.UseLink));
