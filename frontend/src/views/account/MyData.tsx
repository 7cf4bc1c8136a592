/** Export what is kept of oneself, or have it deleted. */

import { useEffect, useState } from "preact/hooks";
import * as operators from "../../api/operators";
import { t } from "../../language/t";
import { tell } from "../../state/notices";
import { me } from "../../state/session";
import { Confirm } from "../dialog/Dialog";
import { LazyImportChats } from "../imports/LazyImportChats";
import "./account.css";
import { moment } from "./moments";

const LOOK_MILLISECONDS = 2000;
const never = new AbortController().signal;

export function MyData() {
  const [jobs, setJobs] = useState<readonly operators.Job[]>([]);
  const [isErasing, setIsErasing] = useState(false);
  const [isImporting, setImporting] = useState(false);
  const load = () => operators.myJobs(never).then(setJobs, tell);
  const isWaiting = jobs.some((job) => job.state === "waiting");
  useEffect(() => {
    load();
  }, []);
  useEffect(() => {
    if (!isWaiting) return;
    const timer = setInterval(load, LOOK_MILLISECONDS);
    return () => clearInterval(timer);
  }, [isWaiting]);
  const exports = jobs.filter((job) => job.kind === "export");
  return (
    <section class="account-part">
      <h2>{t("Your data")}</h2>
      <p>
        {t(
          "All that is kept of you as one file: chats, documents, collections, names of keys, sign-ins, what you used. Or have it deleted.",
        )}
      </p>
      <div class="account-actions">
        <button type="button" class="button" onClick={() => operators.exportMe(never).then(load, tell)}>
          {t("Export")}
        </button>
        <button type="button" class="button" onClick={() => setImporting(true)}>
          {t("Import chats")}
        </button>
        <button type="button" class="button is-danger" onClick={() => setIsErasing(true)}>
          {t("Delete everything")}
        </button>
      </div>
      {exports.length > 0 && (
        <ul class="account-list" aria-live="polite">
          {exports.map((job) => (
            <li key={job.id}>
              <div>
                <span class="account-main">{t("Export of {time}", { time: moment(job.asked_at) })}</span>
                <span class="account-soft">
                  {job.state === "waiting"
                    ? t("It is being made.")
                    : job.state === "done"
                      ? t("It is ready.")
                      : t("It failed.")}
                </span>
              </div>
              {job.state === "done" && (
                <a class="button" href={operators.exportAddress(job.id)} download>
                  {t("Save")}
                </a>
              )}
            </li>
          ))}
        </ul>
      )}
      {isImporting && <LazyImportChats close={() => setImporting(false)} />}
      {isErasing && (
        <Confirm
          title={t("Delete everything that is kept of you?")}
          text={t(
            "Your account, chats, collections with their documents and API keys are deleted, also for those with whom you shared them. It can’t be undone. Export first what you want to keep.",
          )}
          action={t("Delete everything")}
          confirm={() => operators.eraseMe(never, me.value?.person.id ?? "").then(() => location.reload(), tell)}
          close={() => setIsErasing(false)}
        />
      )}
    </section>
  );
}
