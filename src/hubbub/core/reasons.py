"""Say why something can't be done as a code with values: in English here, and in its own language by whoever shows it.

Other clients read the sentence; the page has the same sentences by their codes in its catalogues.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

Value: TypeAlias = str | int | float


@dataclass(frozen=True)  # no msgspec: errors hold them, which the command line knows before it imports anything
class Reason:
    """Why something can't be done. `code` is one of `REASONS`, and stable; `values` are what stands in its sentence."""

    code: str
    values: dict[str, Value] = field(default_factory=dict[str, Value])

    @property
    def text(self) -> str:
        """The sentence in English."""
        return REASONS[self.code].format_map(self.values)


def because(code: str, /, **values: Value) -> Reason:
    """Return the reason of a code, with what stands in its sentence."""
    return Reason(code, values)


REASONS: Mapping[str, str] = {
    # Files
    "bomb": "The file unpacks to more than {megabytes} MB. Split it into smaller ones.",
    "book_protected": "The book is protected against being read by other programs.",
    "damaged": "The file is damaged. Save it anew and add it again.",
    "earlier_found": "What was read of its earlier version is still found, and says so.",
    "earlier_gone": "What was read of its earlier version is no longer found.",
    "encrypted": "The file is encrypted: remove its password and add it again.",
    "excel_binary": "The file is in Excel's binary format: save it as .xlsx and add it again.",
    "file_empty": "The file is empty. Add it again when something is in it.",
    "file_gone": "The file itself is not there any more. Add it again.",
    "file_too_large": "The file is larger than {megabytes} MB. Split it into smaller ones.",
    "file_too_long": "The file holds more than {characters} characters. Split it into smaller ones.",
    "kind_unknown": "Files like “{name}” are not understood. Known are: {known}.",
    "nested_too_deeply": "The file is nested too deeply. Simplify it and add it again.",
    "no_text": "There is no text in the file. Add one that has some.",
    "archive_damaged": "The archive is damaged. Pack it anew and add it again.",
    "not_text": "The file is not text, though its name says so. If it is, save it as UTF-8 and add it again.",
    "ocr_missing": "{what} Reading pictures of text (OCR) is not installed on this server. Run there: {install}. The "
    "file is tried again by itself.",
    "ocr_off": "{what} Reading pictures of text (OCR) is switched off on this server. Make the text recognisable by "
    "the scanner's program or with OCRmyPDF, and add the file again.",
    "package_missing": "“{name}” can't be read yet: a package is not installed on the server. Run there: pip install "
    "{package}. The file is tried again by itself.",
    "pdf_damaged": "The file is damaged. Save or print it as PDF anew and add it again.",
    "too_many_parts": "The file has more than {parts} parts. Split it into smaller ones.",
    "not_its_kind": "The file is damaged, or not {kind}, though its name ends in {suffix}. Save it anew.",
    "nothing_readable": "Nothing of the file can be read: {what}.",
    "old_office": "The file is in Office's format of before 2007: save it as {newer} and add it again.",
    "only_pictures": "The file holds only pictures of its pages, and {why}. Scan it anew, more clearly, and add it "
    "again.",
    "picture_damaged": "The picture is damaged. Save it anew and add it again.",
    "picture_has_no_text": "No text was found on the picture. Add one that shows some.",
    "reader_crashed": "The file made its reader crash{how}. It may be damaged or too large: save it anew, or split it.",
    "reader_killed": "Reading the file takes more memory than the server has. Split it into smaller ones.",
    "reading_late": "Reading the file took longer than {seconds:g} seconds. Split it into smaller ones.",
    "reading_memory": "Reading the file needs more than {megabytes} MB of memory. Split it into smaller ones.",
    "reading_mistake": "Hubbub made a mistake when it read the file; the file may be in order. It is read again "
    "when the "
    "server is started anew; the server's log says more.",
    "reading_waits": "The server is short of something that reading takes. The file is read as soon as it can be.",
    "too_many_frames": "The file has more than {pages} pages. Split it into smaller ones.",
    "too_many_passages": "The file makes more than {passages} passages. Split it into smaller ones.",
    "too_many_pixels": "The picture has more than {megapixels} million pixels. Make it smaller.",
    # Documents and collections
    "collection_not_changed": "This collection is not yours to change, share or delete. Ask whoever manages it.",
    "collection_not_used": "You may see this collection, but not search it or open its documents. "
    "Ask who shared it with you.",
    "collection_not_written": "This collection is shared with you to read. Make one of your own to add documents.",
    "document_name": "A document's name has 1 to {most} characters.",
    "document_not_renamed": "This document can't be renamed now. Wait until it is read; if it is, add it under the new "
    "name instead.",
    "documents_over": "Your documents may take {megabytes} MB in all, and this one is over that. Delete some that you "
    "need no longer, or ask whoever runs the server to raise limits.person_bytes.",
    "name_control": "A document's name may not hold control characters.",
    "name_suffix": "The new name has to end in “{suffix}”, as the file does.",
    "name_taken": "There is a document named “{name}” in the collection already. Choose another name.",
    "reading_needed": "This is somebody else's. Operators read other people's things only after they have said why: "
    "under Operators, People’s data, or by POST /api/operators/readings. It is recorded.",
    "too_deep": "A search shows the best {most} passages. Narrow it down to see others.",
    "urls_busy": "Other documents are being fetched. Try again in a moment.",
    "urls_not_allowed": "Documents can't be added by URL here. Download the file and add it.",
    # Questions, answers and chats
    "answer_complete": "This answer is complete: there is nothing to go on with. Ask a new question.",
    "answer_holds_nothing": "This answer holds nothing that a model could go on with. Ask for it again.",
    "answer_not_rated": "This answer is still being written. Wait until it ends.",
    "answer_open": "This answer is still being written. Wait until it ends, or stop it first.",
    "chat_full": "This chat has {messages:,} messages, the limit. Begin a new one.",
    "chat_not_shared": "Only whoever the chat belongs to can share it.",
    "chat_temporary": "This chat is temporary: nothing of it is kept, no rating either.",
    "chats_at_once": "{most} chats can be changed at once. Send the others with another request.",
    "comment": "A comment has at most {most:,} characters. Shorten it.",
    "files_of_another_chat": "These files belong to another chat, and are searched there alone. Send them here again.",
    "folder": "A folder's name has at most {most} characters.",
    "instructions": "Instructions have at most {most:,} characters. Shorten them.",
    "picture_sent": "This picture was sent with a question. It is deleted with its chat.",
    "picture_too_large": "The picture has more than {megabytes} MB, the limit. Scale it down.",
    "picture_unknown": "This is no PNG, JPEG, GIF or WebP picture. Save it as one of these, and send that.",
    "pictures_busy": "Many pictures are being sent at once. Try again in a few seconds.",
    "pictures_not_quoted": "Answers over documents are quoted from them here, and quotes don't look at pictures. "
    "Choose "
    "a model that writes over documents, or ask without the documents or without the pictures.",
    "pictures_of_question": "A question can hold {most} pictures. Remove some.",
    "pictures_over": "Your pictures may take {megabytes} MB in all. Delete chats with pictures that you need no "
    "longer.",
    "pictures_unsent": "{most} pictures of yours wait to be sent. Ask with them, or remove some.",
    "prompt": "A prompt has 1 to {most:,} characters.",
    "prompt_name": "A prompt's name has 1 to {most} characters.",
    "prompt_not_changed": "This prompt is shared with you to use. Make one of your own to change it.",
    "prompt_not_shared": "This prompt is not yours to share or delete. Ask whoever manages it.",
    "changed_meanwhile": "Somebody else changed it meanwhile. Look at it as it is now, and decide which of both stays.",
    "prompts_full": "You have {most} prompts, the limit. Delete some that you don't use.",
    "question_empty": "The question is empty. Write something first.",
    "question_too_long": "The question has {characters:,} characters; {most:,} is the limit. Shorten it.",
    "title": "A title has 1 to {most} characters.",
    # Chats that are imported
    "import_circling": "Messages that only lead back to themselves were left out: {count:,}.",
    "import_cut": "Messages that were too long were cut, which is said in them: {count:,}.",
    "import_cut_off": "The file ends too early, or is no JSON. Save it anew and import it again.",
    "import_long": "It is longer than a chat may be here.",
    "import_lost": "Messages that follow none that is in the file stand at the beginning: {count:,}.",
    "import_many": "A file may hold {most:,} chats. Those behind them were left out: put them into another file.",
    "import_messages": "It has more than {most:,} messages, the limit.",
    "import_nothing": "It holds no message that could be shown.",
    "import_parts": "Pictures, files and calls of tools are not here; lines in the chat say where: {count:,}.",
    "import_running": "Chats of yours are being imported already. Wait until that is done.",
    "import_taken": "Something else has its place here.",
    "import_unknown": "No chats were found in this file. Known are exports of Hubbub, ChatGPT and Open WebUI: JSON, or "
    "a ZIP file with conversations.json.",
    "import_unknown_chat": "It has none of the known forms of chats.",
    "import_unreadable": "It can't be read.",
    "imports_not_kept": "This server's store of answers takes no chats in from elsewhere.",
    # Links, keys, accounts
    "key_expired": "The key would have expired already. Give a time to come.",
    "key_name": "The name of a key has 1 to {most} characters, all of them to be seen.",
    "quota_bound": "“{text}” is no bound. Write one such as “50 questions per day”: a number of questions, tokens or "
    "money per minute, hour, day or month.",
    "quota_bounds": "A quota has up to {most} bounds. Remove some.",
    "quota_group": "“{name}” does not say at which provider the group is. Name it as in “{example}”.",
    "quota_no_group": "There is no group “{name}” that was made here. `hubbub groups list` shows all of them.",
    "quota_key": "There is no API key with the id “{id}” that can be used. `hubbub keys list` shows all keys.",
    "quota_model": "There is no model “{name}”. Choose one of those that there are.",
    "quota_twice": "Another bound is for the same time and of the same kind as “{text}”. Keep one of them.",
    "quota_used_up": "{whose} is used up: {limit}. It begins anew {moment}. Ask again then.",
    "quota_unset": "No quota is set here that could be removed. What stands in the settings file is changed there, or "
    "by setting another quota.",
    "keys_full": "You have {most} API keys, which is as many as one person may have. Revoke one first.",
    "link_expired": "The link would have expired already. Give a time to come.",
    "links_full": "You have {most} links to chats, which is as many as may be. End one first.",
    "email": "This is no e-mail address.",
    "not_with_everybody": "Chats can't be shared with everybody here. Share it with people who are signed in, or ask "
    "whoever runs the server to set sharing.chats_with_everybody.",
    "passkey_address": "Passkeys need a name in the page's address, not an IP address. On this machine open localhost.",
    "passkey_name": "The name of a passkey has 1 to {most} characters, all of them to be seen.",
    "passkeys_full": "You have {most} passkeys, which is as many as may be. Remove one first.",
    "password_plain": "The password is too easy to guess. Take several words that don't belong together.",
    "password_too_long": "The password is too long: it may have {most} characters.",
    "password_too_short": "The password is too short: it needs {fewest} characters. Several words make a good one.",
    "person_name": "A name has at most {most} characters, all of them to be seen.",
    "recovery_needs_app": "Recovery codes stand in for an authenticator app. Set one up first.",
    # The server
    "body_too_large": "The request's body is over the limit of {most:,} bytes.",
    "held": "There is a legal hold on this person: nothing of theirs is erased or handed over.",
    "handover_disabled": "This person is disabled. Hand the things over to somebody who can use them.",
    "handover_not_kept": "Things can't be handed over where this server keeps them.",
    "handover_to_self": "A person can't hand things over to themselves. Name somebody else.",
    "handover_waits": "It is under way already, with another person to take the things over, or nobody. Wait until "
    "it is done.",
    "hold_reason": "Say why, in 1 to {most} characters.",
    "large_requests": "Too many large requests at once. Try again in a few seconds.",
    "large_requests_from_here": "Too many large requests from your network address at once. Try again in a few "
    "seconds.",
    "collection_gone": "There is no such collection, or it is no longer shared with you. Choose another one.",
    "nobody_named": "Nobody here is called “{id}”. A person is named by their id, not by an e-mail: everybody finds "
    "their own under “Your account”, and operators find all of them among the people.",
    "operators_only": "Only an operator may do that.",
    "readers_full": "Too many people read shared chats just now. Try again soon.",
    "sent_in_part": "The request ended before its body did. Send the file again.",
}


def checked(reason: Reason | None, text: str) -> Reason | None:
    """Return a reason that came from elsewhere, if it says this text; None otherwise."""
    try:
        return reason if reason is not None and reason.text == text else None
    except (LookupError, ValueError, TypeError):
        return None
