/** Say that the server can't be reached, and that nothing has to be done about it. */

import { t } from "../../language/t";
import { isReachable } from "../../state/connection";
import { Icon } from "../icons";
import "./notices.css";

export function Banner() {
  return (
    <div role="status">
      {!isReachable.value && (
        <p class="banner">
          <Icon name="warn" />
          <span>{t("The server can’t be reached. The page goes on by itself as soon as it is back.")}</span>
        </p>
      )}
    </div>
  );
}
