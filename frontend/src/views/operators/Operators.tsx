/** Show operators what they look after: a section each, kept fresh while it is looked at. */

import type { ComponentType } from "preact";
import { t } from "../../language/t";
import { navigate, operatePath } from "../../state/route";
import { Audit } from "./Audit";
import { Collections } from "./Collections";
import { Groups } from "./Groups";
import "./operators.css";
import { PersonalData } from "./PersonalData";
import { Server } from "./Server";
import { Settings } from "./Settings";
import { SignIns } from "./SignIns";
import { Usage } from "./Usage";

const SECTIONS: Record<string, readonly [string, ComponentType]> = {
  server: [t("Server and models"), Server],
  usage: [t("Usage and quotas"), Usage],
  groups: [t("Groups"), Groups],
  collections: [t("Collections and jobs"), Collections],
  "sign-ins": [t("Sign-ins"), SignIns],
  audit: [t("Audit"), Audit],
  data: [t("People’s data"), PersonalData],
  settings: [t("Settings"), Settings],
};

export function Operators({ section }: { section: string }) {
  const here = section in SECTIONS ? section : "server";
  const [title, Section] = SECTIONS[here] as readonly [string, ComponentType];
  return (
    <div class="operators">
      <nav class="operators-nav" aria-label={t("Operators’ pages")}>
        {Object.entries(SECTIONS).map(([name, [label]]) => (
          <a
            key={name}
            href={operatePath(name)}
            aria-current={name === here ? "page" : undefined}
            onClick={(event) => {
              if (event.ctrlKey || event.metaKey || event.shiftKey) return;
              event.preventDefault();
              navigate(operatePath(name));
            }}
          >
            {label}
          </a>
        ))}
      </nav>
      <div class="operators-section">
        <h2>{title}</h2>
        <Section key={here} />
      </div>
    </div>
  );
}
