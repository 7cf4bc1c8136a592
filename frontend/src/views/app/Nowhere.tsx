/** Say that an address leads nowhere, and show the way back. */

import { t } from "../../language/t";
import { homePath, navigate } from "../../state/route";

export function Nowhere() {
  return (
    <div class="nowhere">
      <p>{t("Nothing is at this address. The link may be old, or a part of it is missing.")}</p>
      <button type="button" class="button is-primary" onClick={() => navigate(homePath)}>
        {t("Go to your chats")}
      </button>
    </div>
  );
}
