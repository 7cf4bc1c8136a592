/** Make a link by which others read a chat, and end those that there are. */

import { useEffect, useId, useState } from "preact/hooks";
import { Problem } from "../../api/http";
import * as hubbub from "../../api/hubbub";
import * as mine from "../../api/mine";
import type { Chat, Group } from "../../api/resources";
import { t } from "../../language/t";
import { isAbort, tell } from "../../state/notices";
import { sharedAddress } from "../../state/route";
import { me } from "../../state/session";
import { path, thread } from "../../state/thread";
import { CopyField, copyAloud } from "../dialog/CopyDialog";
import { Dialog } from "../dialog/Dialog";
import { PersonId } from "../library/PersonId";
import { FormProblem, useSubmit } from "../sign-in/Form";
import "../account/account.css";
import "../sign-in/sign-in.css";
import "./shared.css";
import { insiders } from "./links";
import { LinkList } from "./SharedLinks";

const DAY_SECONDS = 86_400;
const never = new AbortController().signal;

export function ShareChat({ chat, close }: { chat: Chat; close: () => void }) {
  const [links, setLinks] = useState<readonly mine.ChatLink[]>([]);
  const [isForAll, setForAll] = useState(false);
  const [groups, setGroups] = useState<readonly Group[]>([]);
  const [made, setMade] = useState<string | null>(null);
  const [isOff, setOff] = useState(false);
  const load = (signal: AbortSignal) =>
    mine.chatLinks(signal).then(
      (told) => {
        setForAll(told.may_share_with_everybody);
        setLinks(told.links.filter((link) => link.chat_id === chat.id));
      },
      (error: unknown) => {
        if (error instanceof Problem && error.status === 404) setOff(true);
        else if (!isAbort(error)) tell(error);
      },
    );
  useEffect(() => {
    const leaving = new AbortController();
    load(leaving.signal);
    hubbub.groups(leaving.signal).then(setGroups, () => {});
    return () => leaving.abort();
  }, []);
  const end = (link: mine.ChatLink) => mine.endChatLink(never, link.id).then(() => load(never), tell);
  return (
    <Dialog title={t("Share “{name}”", { name: chat.title || t("Untitled") })} close={close}>
      {isOff ? (
        <p>{t("Chats can’t be shared on this server.")}</p>
      ) : made === null ? (
        <NewLink
          chat={chat}
          isForAll={isForAll}
          groups={groups}
          done={(secret) => {
            setMade(sharedAddress(secret));
            load(never);
          }}
        />
      ) : (
        <Made address={made} />
      )}
      {links.length > 0 && (
        <>
          <h3 class="share-links">{t("Links to this chat")}</h3>
          <LinkList links={links} end={end} />
        </>
      )}
      <div class="dialog-actions">
        <button type="button" class="button" onClick={close}>
          {made === null ? t("Cancel") : t("Done")}
        </button>
      </div>
    </Dialog>
  );
}

interface NewProperties {
  chat: Chat;
  isForAll: boolean;
  groups: readonly Group[];
  done: (secret: string) => void;
}

function NewLink({ chat, isForAll, groups, done }: NewProperties) {
  const [audience, setAudience] = useState("signed-in");
  const [person, setPerson] = useState("");
  const canSignIn = me.value?.can_sign_in ?? false;
  const field = useId();
  const form = useSubmit(async (signal, values) => {
    const subjects = values.audience?.includes(":") ? [values.audience] : [`person:${person.trim()}`];
    const isSome = values.audience !== "everybody" && values.audience !== "signed-in";
    const days = Number(values.days);
    const { secret } = await mine.shareChat(signal, chat.id, {
      audience: isSome ? "some" : (values.audience as mine.Audience),
      subjects: isSome ? subjects : [],
      follows: values.shows === "follows",
      shows_name: values.name === "on",
      expires_at: days > 0 ? Date.now() / 1000 + days * DAY_SECONDS : null,
      leaf_id: thread.peek().chat?.id === chat.id ? (path.peek().at(-1)?.message.id ?? null) : null,
    });
    done(secret);
  });
  return (
    <form class="form" onSubmit={form.submit}>
      <p>
        {t("Who has the link reads this chat, and can change nothing. Its documents open only to who may read them.")}
      </p>
      <div class="form-field">
        <label for={`${field}-audience`}>{t("For")}</label>
        <select
          id={`${field}-audience`}
          class="field"
          name="audience"
          value={audience}
          onChange={(event) => setAudience(event.currentTarget.value)}
        >
          <option value="signed-in">{insiders()}</option>
          {groups.map((group) => (
            <option key={group.id} value={`group:${group.id}`}>
              {t("the group {name}", { name: group.name })}
            </option>
          ))}
          {canSignIn && <option value="person">{t("one person")}</option>}
          {isForAll && <option value="everybody">{t("anybody with the link")}</option>}
        </select>
      </div>
      {audience === "person" && (
        <div class="form-field">
          <PersonId value={person} isNeeded changed={setPerson} />
        </div>
      )}
      <div class="form-field">
        <label for={`${field}-shows`}>{t("It shows")}</label>
        <select id={`${field}-shows`} class="field" name="shows">
          <option value="fixed">{t("the chat as it is now")}</option>
          <option value="follows">{t("what comes to it, too")}</option>
        </select>
      </div>
      <div class="form-field">
        <label for={`${field}-days`}>{t("It holds")}</label>
        <select id={`${field}-days`} class="field" name="days">
          <option value="7">{t("a week")}</option>
          <option value="30">{t("30 days")}</option>
          <option value="0">{t("until it is ended")}</option>
        </select>
      </div>
      <label class="form-check">
        <input type="checkbox" name="name" /> {t("Show my name")}
      </label>
      <FormProblem text={form.problem} />
      <button type="submit" class="button is-primary account-send" disabled={form.isBusy}>
        {t("Make a link")}
      </button>
    </form>
  );
}

function Made({ address }: { address: string }) {
  return (
    <>
      <p>{t("The link is shown only now. Pass it on:")}</p>
      <div class="share-made">
        <CopyField label={t("The link")} text={address} />
        <button type="button" class="button is-primary" onClick={() => copyAloud(address)}>
          {t("Copy")}
        </button>
      </div>
    </>
  );
}
