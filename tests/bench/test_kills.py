"""The checker of kills finds whatever it is there to find, and nothing where all is well."""

import json
import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from bench.attack.kills import Asked, Event, Store, StoredAnswer, StoredMessage, faults_of, new_question_id, stored_in

WHOLE = "one two "


def event(number: int, kind: str, **more: str) -> Event:
    return number, json.dumps({"type": kind, **more})


EVENTS = [event(1, "text", text="one "), event(2, "text", text="two "), event(3, "done")]


class Case:
    """One question that was acknowledged and read to its end, and what is stored of it."""

    def __init__(self) -> None:
        self.asked = Asked(seen=list(EVENTS), replayed=list(EVENTS))
        self.asked.promised = [("c", self.asked.id, "a")]
        self.asked.listed = [self.asked.id, "a"]
        self.chats = {"c"}
        self.messages = {
            self.asked.id: StoredMessage("c", None, "user", self.asked.text),
            "a": StoredMessage("c", self.asked.id, "assistant", ""),
        }
        self.answers = {"a": StoredAnswer(EVENTS, True)}

    def faults(self) -> list[tuple[str, str]]:
        return faults_of([self.asked], Store(frozenset(self.chats), self.messages, self.answers), WHOLE)

    def log(self, *events: Event) -> None:
        self.answers["a"] = StoredAnswer(events, True)
        self.asked.replayed = list(events)


def test_nothing_where_all_is_well() -> None:
    assert Case().faults() == []
    never_acknowledged = Case()
    never_acknowledged.asked = Asked()
    never_acknowledged.chats, never_acknowledged.messages, never_acknowledged.answers = set(), {}, {}
    assert never_acknowledged.faults() == []


def lose_the_question(case: Case) -> None:
    del case.messages[case.asked.id]


def lose_the_answer(case: Case) -> None:
    del case.messages["a"], case.answers["a"]


def change_the_question(case: Case) -> None:
    case.messages[case.asked.id] = replace(case.messages[case.asked.id], text="Another")


def lose_the_last_event(case: Case) -> None:
    case.log(*EVENTS[:2])


def alter_an_event(case: Case) -> None:
    case.log(EVENTS[0], event(2, "text", text="too "), EVENTS[2])


def alter_what_is_replayed(case: Case) -> None:
    case.asked.replayed = EVENTS[:2]


def cut_the_text(case: Case) -> None:
    case.log(EVENTS[0], event(2, "done"))
    case.asked.seen = [EVENTS[0], event(2, "done")]


def repeat_an_event_to_the_reader(case: Case) -> None:
    case.asked.seen.insert(1, EVENTS[0])


def skip_an_event_for_the_reader(case: Case) -> None:
    del case.asked.seen[1]


def repeat_a_number_in_the_log(case: Case) -> None:
    case.answers["a"] = StoredAnswer([EVENTS[0], *EVENTS], True)


def skip_a_number_in_the_log(case: Case) -> None:
    case.asked.seen = []
    case.log(EVENTS[0], event(3, "text", text="two "), event(4, "done"))


def end_twice(case: Case) -> None:
    case.log(*EVENTS, event(4, "failed"))


def acknowledge_in_two_ways(case: Case) -> None:
    case.asked.promised.append(("c", case.asked.id, "b"))


def answer_twice(case: Case) -> None:
    case.messages["b"], case.answers["b"] = case.messages["a"], case.answers["a"]


def store_it_under_another_id_as_well(case: Case) -> None:
    case.chats.add("d")
    case.messages["copy"] = replace(case.messages[case.asked.id], chat_id="d")
    case.messages["b"] = StoredMessage("d", "copy", "assistant", "")
    case.answers["b"] = case.answers["a"]


def leave_a_log_alone(case: Case) -> None:
    case.answers["b"] = case.answers["a"]


def leave_a_chat_empty(case: Case) -> None:
    case.chats.add("d")


def leave_a_question_without_an_answer(case: Case) -> None:
    case.asked.promised = []
    case.asked.seen, case.asked.replayed, case.asked.listed = [], None, None
    del case.messages["a"], case.answers["a"]


def leave_an_answer_without_a_log(case: Case) -> None:
    del case.answers["a"]


def leave_an_answer_open(case: Case) -> None:
    case.answers["a"] = StoredAnswer(EVENTS, False)


def leave_a_reader_waiting(case: Case) -> None:
    case.asked.seen.pop()


def refuse_it(case: Case) -> None:
    case.asked.refusals.append("404 to the reader")


@pytest.mark.parametrize(
    ("spoil", "kind"),
    [
        (lose_the_question, "acknowledged lost"),
        (lose_the_answer, "acknowledged lost"),
        (change_the_question, "acknowledged lost"),
        (lose_the_last_event, "seen lost or altered"),
        (alter_an_event, "seen lost or altered"),
        (alter_what_is_replayed, "seen lost or altered"),
        (cut_the_text, "seen lost or altered"),
        (repeat_an_event_to_the_reader, "duplicates"),
        (skip_an_event_for_the_reader, "skipped"),
        (repeat_a_number_in_the_log, "duplicates"),
        (skip_a_number_in_the_log, "skipped"),
        (end_twice, "duplicates"),
        (acknowledge_in_two_ways, "duplicates"),
        (answer_twice, "duplicates"),
        (store_it_under_another_id_as_well, "duplicates"),
        (leave_a_log_alone, "duplicates"),
        (leave_a_chat_empty, "orphaned chats"),
        (leave_a_question_without_an_answer, "without an answer"),
        (leave_an_answer_without_a_log, "without an answer"),
        (leave_an_answer_open, "without an end"),
        (leave_a_reader_waiting, "without an end"),
        (refuse_it, "refused"),
    ],
)
def test_a_fault_is_found(spoil: Callable[[Case], None], kind: str) -> None:
    case = Case()
    spoil(case)
    assert kind in {found for found, _ in case.faults()}


def test_what_is_stored_is_read_from_the_file(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "hubbub.db")) as database, database:
        database.executescript(
            """
            create table chat (id text);
            create table message (id text, chat_id text, parent_id text, role text, text text);
            create table answer (id text, result blob, worker integer);
            create table portion (answer_id text, last_number integer, data blob);
            insert into chat values ('c'), ('empty');
            insert into message values ('q', 'c', null, 'user', 'What?'), ('a', 'c', 'q', 'assistant', '');
            insert into answer values ('a', '{}', null), ('open', null, 3);
            insert into portion values ('a', 3, 'three'), ('a', 2, 'one' || char(10) || 'two');
            update portion set data = cast(data as blob);
            """
        )
    store = stored_in(tmp_path)
    assert store.chats == {"c", "empty"}
    assert store.messages["a"] == StoredMessage("c", "q", "assistant", "")
    assert store.answers["a"] == StoredAnswer([(1, "one"), (2, "two"), (3, "three")], True)
    assert store.answers["open"] == StoredAnswer([], False)
    assert not store.damage


def test_a_question_id_has_the_form_that_servers_take() -> None:
    ids = [new_question_id() for _ in range(100)]
    assert len(set(ids)) == 100
    assert {len(one) for one in ids} == {26}
    assert not set("".join(ids)) - set("0123456789abcdefghjkmnpqrstvwxyz")
    assert ids[0][:8] <= ids[-1][:8]
