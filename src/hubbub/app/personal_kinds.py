"""List all that is kept of a person: exports, erasures and what stays are made from this one list."""

from collections.abc import Sequence
from dataclasses import dataclass

from hubbub.app.erasing import EraseStep, Erasing
from hubbub.app.exporting import Exporting, ExportStep


@dataclass(frozen=True, kw_only=True)
class Kind:
    """One kind of things that are kept of a person."""

    name: str
    """As reports tell it."""
    tables: Sequence[str] = ()
    """Where the things are kept: the tables of both database files that hold nothing else of persons."""
    told: str = ""
    """What the export says of its files, a line each."""
    export: ExportStep | None = None
    """None: it is told with another kind, or is itself an export."""
    erase: EraseStep | None = None
    """None: it goes with another kind, or stays."""
    stays: str = ""
    """What remains of it after an erasure, and why."""


KINDS: Sequence[Kind] = (  # in the order in which they are deleted
    Kind(
        name="links to chats",
        tables=("chat_link",),
        told="links.json         links by which chats were shared; links/ID.json: a chat as it was when it was shared",
        export=Exporting.links,
        erase=Erasing.links,
    ),
    Kind(
        name="chats",
        tables=("chat", "message", "annotation", "searched", "searched_words", "noted"),
        told="chats/ID.json      a chat with the whole tree of its messages, all branches, what each answer came to,\n"
        "                   its ratings, and what programs keep beside it",
        export=Exporting.chats,
        erase=Erasing.chats,
    ),
    Kind(
        name="answers in no chat",
        tables=("answer", "portion", "journal"),
        told="answers.json       answers that belong to no chat",
        export=Exporting.loose_answers,
        erase=Erasing.loose_answers,
        stays="The journal of answers holds its last minutes until it is cleared.",
    ),
    Kind(
        name="pictures, prompts, assistants and instructions",
        tables=("record",),
        told="records.json       pictures, prompts, assistants, instructions, ratings; the pictures are in records/",
        export=Exporting.records,
        erase=Erasing.records,
    ),
    Kind(
        name="sessions of pages",
        tables=("session",),
        told="sessions/          chats that a page keeps here as a whole",
        export=Exporting.sessions,
        erase=Erasing.sessions,
    ),
    Kind(
        name="collections",
        tables=(
            *(
                "collection",
                "document",
                "origin",
                "collection_passages",
                "passage",
                "passage_terms",
                "passage_vocabulary",
            ),
            *("passage_embedding", "passage_waiting", "sign_block", "ledger_passage", "ledger_place"),
            *("passage_unembedded", "file_content", "file_piece"),  # of PostgreSQL
        ),
        told="collections.json   collections, with who may do what with them, and their documents; chats' files, too\n"
        "documents/         the documents' files, by collection",
        export=Exporting.collections,
        erase=Erasing.collections,
    ),
    Kind(
        name="documents in collections of others",
        tables=(),  # a column of `document`
        told="documents_elsewhere.json   documents that were added to collections of others",
        export=Exporting.documents_elsewhere,
        erase=Erasing.documents_elsewhere,
        stays="Documents that the person added to collections of others stay there, without the person.",
    ),
    Kind(
        name="groups and rights",
        tables=("group_member", "permission", "document_reader"),
        told="groups.json        groups the person is in\n"
        "rights.json        what others let the person do with their collections, prompts and assistants",
        export=Exporting.rights,
        erase=Erasing.rights,
    ),
    Kind(
        name="records of usage",
        tables=("usage", "quota", "quota_counter", "quota_reservation"),
        told="usage.jsonl        what was used, a record a line\n"
        "quotas.json        the quota that operators have set for the person, and quotas that the person has set",
        export=Exporting.usage,
        erase=Erasing.usage,
        stays="What was used stays in sums, without the person.",
    ),
    Kind(
        name="things taken along as a guest",
        tables=("guest_taken",),
        told="guests.json        guests whose things the person took along",
        export=Exporting.taken_along,
        erase=Erasing.taken_along,
    ),
    Kind(
        name="readings by operators",
        tables=("operator_reading",),
        told="readings.json      operators who read the person's things, and whose things the person reads",
        export=Exporting.readings,
        erase=Erasing.readings,
    ),
    Kind(name="exports", erase=Erasing.exports),
    Kind(
        name="keys",
        tables=("api_key",),
        told="keys.json          API keys: names and times; the keys themselves are kept nowhere",
        export=Exporting.keys,
        erase=Erasing.keys,
    ),
    Kind(
        name="passkeys",
        tables=("passkey", "passkey_challenge"),
        told="passkeys.json      passkeys: names, times and public keys",
        export=Exporting.passkeys,
        erase=Erasing.passkeys,
    ),
    Kind(
        name="sign-ins",
        tables=("sign_in", "id_token"),
        told="sign_ins.json      browsers that are signed in",
        export=Exporting.sign_ins,  # they are deleted with the account
    ),
    Kind(
        name="accounts",
        tables=(
            *("person", "person_subject", "provisioned_person", "account", "account_link", "recovery_code"),
            "sign_in_attempt",
        ),
        told="person.json        who it is, as far as known, and what providers have told of the person",
        export=Exporting.account,
        erase=Erasing.account,
    ),
    Kind(
        name="exports and erasures asked for",
        tables=("person_job", "legal_hold", "person_export", "person_export_piece"),  # the last two of PostgreSQL
        told="jobs.json          exports and erasures that were asked for, and a legal hold",
        export=Exporting.jobs,
        stays="The list of erasures names the person's id.",
    ),
    Kind(
        name="lines of the audit",
        tables=("audit", "audit_outbox"),
        told="audit.jsonl        what the audit has of the person, a line each, the newest first",
        export=Exporting.audit,
        stays=(
            "Lines of the audit name the person's id, the e-mail address of an invitation, what a provider told by "
            "SCIM, and what keys, collections and documents were called: they are chained, and go when the time of the "
            "audit is over. The server's log has the same."
        ),
    ),
)

OF_NOBODY = frozenset(
    {
        *("worker", "cookie_key", "people_revision", "audit_start", "audit_taken", "audit_state", "audit_outbox_id"),
        *("people_group", "provisioned_group", "rights_revision", "passage_language", "vector_space"),
        *("passage_change", "passage_unturned", "sign_revision", "quota_revision"),
        *("lease", "folder"),  # of PostgreSQL
    }
)
"""The tables that hold nothing of persons."""

README = "What Hubbub keeps of one person, as JSON (one value a file, UTF-8) and as the original files.\n\n" + "".join(
    f"{kind.told}\n" for kind in KINDS if kind.told
)
EXPORTS: Sequence[tuple[str, ExportStep]] = [(one.name, one.export) for one in KINDS if one.export is not None]
ERASURES: Sequence[tuple[str, EraseStep]] = [(one.name, one.erase) for one in KINDS if one.erase is not None]
STAYS = " ".join(
    (
        *(kind.stays for kind in KINDS if kind.stays),
        "A database file holds what was deleted until that place is used again.",
        "Backups keep what was there until they are replaced.",
    )
)
