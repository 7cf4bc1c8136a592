/** Choose the language of the page. */

import { chooseLanguage, LANGUAGES, type Language, language, t } from "../../language/t";
import { Icon } from "../icons";

export function LanguagePicker() {
  return (
    <label class="sidebar-link sidebar-language">
      <Icon name="globe" />
      <select
        aria-label={t("Language")}
        value={language}
        onChange={(event) => chooseLanguage(event.currentTarget.value as Language)}
      >
        {Object.entries(LANGUAGES).map(([code, name]) => (
          <option key={code} value={code} lang={code}>
            {name}
          </option>
        ))}
      </select>
    </label>
  );
}
