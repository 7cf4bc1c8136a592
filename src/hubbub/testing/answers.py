"""What every store of answers must do, for one worker and for several."""

import asyncio
import contextlib

import pytest

from hubbub.answers.base import NOBODY, Found, GivenUp, Record, SharedStore, TakesIn, Whole
from hubbub.core.answer import Answer, fold
from hubbub.core.errors import Conflict, NotFound
from hubbub.core.events import Done, Text, encode


async def owner(store: SharedStore, answer_id: str) -> str | None:
    """Return whom an answer's log belongs to."""
    return next((found.owner_id for found in await store.find([answer_id])), None)


def ended(answer_id: str, *texts: str, first: int = 1) -> tuple[list[Record], Answer]:
    """Return the records of an answer that says these texts and is done, and the answer."""
    events = [*(Text(text) for text in texts), Done()]
    return [Record(answer_id, n, encode(event)) for n, event in enumerate(events, first)], fold(answer_id, events)


async def numbers(store: SharedStore) -> list[int]:
    """Return the numbers of the workers that a store knows."""
    return [peer.number for peer in (await store.renew())[0]]


class AnswerStoreContract:
    """Subclasses give a fixture `store`, and `other`: another worker on the same store."""

    async def test_a_log_belongs_to_whom_it_was_opened_for(self, store: SharedStore) -> None:
        await store.open("a", "ann", 20.0)
        assert await store.find(["a", "b"]) == [Found("a", "ann", 20.0)]

    async def test_an_id_is_opened_once(self, store: SharedStore) -> None:
        await store.open("a", "ann")
        with pytest.raises(Conflict):
            await store.open("a", "bob")
        assert await owner(store, "a") == "ann"

    async def test_a_log_for_others_is_claimed_once_with_what_it_begins_with(
        self, store: SharedStore, other: SharedStore
    ) -> None:
        records = [Record("a", 1, b"first")]
        await store.open_for_others("a", "ann", 20.0, 60.0, records)
        with pytest.raises(Conflict):
            await store.open_for_others("a", "bob")
        assert await store.read("a") == records
        assert not await store.mine()
        assert NOBODY in await numbers(other)
        assert await other.claim(NOBODY) == [Found("a", "ann", 20.0)]
        assert not await store.claim(NOBODY)
        last, answer = ended("a", "hello", first=2)
        await other.append(last, [answer])
        assert await store.read("a") == [*records, *last]

    @pytest.mark.parametrize("way", ["open", "open_for_others"])
    async def test_what_goes_beside_a_log_is_stored_once_or_there_is_no_log(self, store: SharedStore, way: str) -> None:
        opened = store.open if way == "open" else store.open_for_others
        calls = 0

        async def beside() -> None:
            nonlocal calls
            calls += 1
            if calls > 1:
                raise NotFound("There is no such chat.")

        await opened("a", "ann", beside=beside)
        assert calls == 1
        with pytest.raises(NotFound):
            await opened("b", "ann", beside=beside)
        assert [found.id for found in await store.find(["a", "b"])] == ["a"]

    async def test_answers_from_elsewhere_are_taken_in_as_a_whole_or_not_at_all(
        self, store: SharedStore, other: SharedStore
    ) -> None:
        if not isinstance(store, TakesIn):
            pytest.skip("it takes nothing in")
        wholes = [Whole(answer, records) for records, answer in (ended("a", "one"), ended("b", "two", "three"))]
        calls: list[str] = []

        async def beside() -> None:
            calls.append("stored")

        async def broken() -> None:
            raise NotFound("There is no such chat.")

        with pytest.raises(NotFound):
            await store.take_in("ann", wholes, broken)
        assert not await store.find(["a", "b"])
        await store.take_in("ann", wholes, beside)
        assert calls == ["stored"]
        found = {one.id: one for one in await other.find(["a", "b"])}
        assert {key: (one.owner_id, one.result) for key, one in found.items()} == {
            one.answer.id: ("ann", one.answer) for one in wholes
        }
        assert await other.read("b") == wholes[1].records
        assert not await other.claim(NOBODY)  # nobody is to make them
        records, answer = ended("c", "four")
        with pytest.raises(Conflict):
            await store.take_in("bob", [Whole(answer, records), wholes[0]], beside)
        assert (calls, await store.find(["c"]), await owner(store, "a")) == (["stored"], [], "ann")

    async def test_there_is_nothing_beside_a_log_that_is_not_taken_in(
        self, store: SharedStore, other: SharedStore
    ) -> None:
        calls: list[str] = []

        async def beside() -> None:
            calls.append("stored")

        [here] = await numbers(other)
        await other.claim(here)
        with pytest.raises(GivenUp):
            await store.open("a", "ann", beside=beside)
        assert not calls and not await store.find(["a"])

    async def test_of_many_at_once_with_one_id_one_is_opened(self, store: SharedStore, other: SharedStore) -> None:
        calls: list[int] = []

        async def open_one(number: int) -> None:
            async def beside() -> None:
                calls.append(number)

            opened = (store.open, other.open)[number % 2]
            await opened("a", f"person {number}", beside=beside)

        outcomes = await asyncio.gather(*(open_one(number) for number in range(20)), return_exceptions=True)
        assert sum(isinstance(one, Conflict) for one in outcomes) == 19
        [number] = calls
        assert await owner(store, "a") == f"person {number}"

    async def test_it_is_told_whether_others_have_open_answers(self, store: SharedStore, other: SharedStore) -> None:
        async def has_open() -> list[bool]:
            return [peer.has_open for peer in (await other.renew())[0]]

        assert await has_open() == [False]
        await store.open("a", "ann")
        assert await has_open() == [True]
        records, answer = ended("a", "hello")
        await store.append(records, [answer])
        assert await has_open() == [False]

    async def test_records_come_back_in_order_from_a_number(self, store: SharedStore) -> None:
        await store.open("a", "ann")
        await store.open("b", "ann")
        records = [Record("a", number, b"%d" % number) for number in range(1, 8)]
        await store.append([records[0], Record("b", 1, b"other"), *records[1:3]])
        await store.append(records[3:])
        assert await store.read("a") == records
        assert await store.read("a", 3, limit=2) == records[3:5]
        assert await store.read("a", 7) == []
        assert await store.read("unknown") == []

    async def test_what_has_ended_keeps_its_result(self, store: SharedStore) -> None:
        await store.open("a", "ann")
        await store.open("b", "ann")
        records, answer = ended("a", "hello")
        await store.append(records, [answer])
        assert await store.find(["a", "b", "c"]) == [Found("a", "ann", None, answer), Found("b", "ann")]
        assert await store.read("a") == records

    async def test_forgotten_is_gone(self, store: SharedStore) -> None:
        await store.open("a", "ann")
        records, answer = ended("a", "hello")
        await store.append(records, [answer])
        await store.forget(["a", "unknown"])
        assert await store.find(["a"]) == []
        assert await store.read("a") == []

    async def test_workers_see_each_other(self, store: SharedStore, other: SharedStore) -> None:
        [there], [here] = await numbers(store), await numbers(other)
        assert here != there
        assert (await store.renew())[1] is False

    async def test_others_records_are_read_and_looked_at(self, store: SharedStore, other: SharedStore) -> None:
        await store.open("a", "ann")
        await store.open("b", "ann")
        first = [Record("a", 1, b"1"), Record("b", 1, b"2")]
        await store.append(first)
        assert await other.read("a") == first[:1]
        assert list((await other.look({"a"})).records) == first[:1]
        records, answer = ended("a", "x", first=2)
        await store.append(records, [answer])
        assert [record for record in (await other.look({"a"})).records if record.number > 1] == records
        assert await other.read("a") == [*first[:1], *records]

    async def test_marks_reach_the_worker_that_makes_the_answer(self, store: SharedStore, other: SharedStore) -> None:
        for key in "abc":
            await store.open(key, "ann", 20.0)
        await other.ask_to_stop("a", "asked")
        await other.tell_watched(["b"])
        news = await store.look(())
        assert dict(news.stops) == {"a": "asked"}
        assert list(news.watched) == ["b"]
        assert dict((await other.look(())).stops) == {}
        await store.append(*(lambda made: (made[0], [made[1]]))(ended("a")))
        await other.ask_to_stop("a", "again")
        assert dict((await store.look(())).stops) == {}

    async def test_a_worker_that_is_given_up_can_store_nothing_more(
        self, store: SharedStore, other: SharedStore
    ) -> None:
        await store.open("a", "ann")
        await store.open("b", "ann")
        await store.append([Record("a", 1, b"1"), Record("a", 2, b"2")])
        records, answer = ended("b")
        await store.append(records, [answer])
        [number] = await numbers(other)
        assert await other.claim(number) == [Found("a", "ann")]
        assert await other.claim(number) == []
        with pytest.raises(GivenUp):
            await store.append([Record("a", 3, b"3")])
        assert await other.read("a") == [Record("a", 1, b"1"), Record("a", 2, b"2")]
        await other.append([Record("a", 3, b"of the other")])
        assert [record.number for record in await store.read("a")] == [1, 2, 3]
        others, was_given_up = await store.renew()
        assert was_given_up
        assert len(others) == 1
        await store.open("c", "ann")
        await store.append([Record("c", 1, b"1")])
        assert (await store.renew())[1] is False

    async def test_a_worker_that_is_given_up_begins_and_claims_nothing(
        self, store: SharedStore, other: SharedStore
    ) -> None:
        [there], [here] = await numbers(store), await numbers(other)
        await other.open("a", "ann")
        await other.claim(here)
        with pytest.raises(GivenUp):
            await store.open("b", "ann")
        with pytest.raises(GivenUp):
            await store.claim(there)
        assert await other.find(["a", "b"]) == [Found("a", "ann")]
        await other.append([Record("a", 1, b"1")])

    async def test_what_is_left_behind_is_told_with_the_trace_that_it_was_begun_in(
        self, store: SharedStore, other: SharedStore
    ) -> None:
        trace = f"00-{'a' * 32}-{'b' * 16}-01"
        await store.open("a", "ann", trace=trace)
        assert await store.mine() == [Found("a", "ann", trace=trace)]
        [number] = await numbers(other)
        assert await other.claim(number) == [Found("a", "ann", trace=trace)]
        await store.open_for_others("b", "ann", trace=trace)
        assert await other.claim(NOBODY) == [Found("b", "ann", trace=trace)]

    async def test_what_is_left_behind_is_told_with_the_wish_to_stop_it(
        self, store: SharedStore, other: SharedStore
    ) -> None:
        await store.open("a", "ann")
        await store.open("b", "ann", 20.0)
        await other.ask_to_stop("b", "asked")
        assert await other.mine() == []
        left = [Found("a", "ann"), Found("b", "ann", 20.0, stop_reason="asked")]
        assert await store.mine() == left
        assert await other.claim((await numbers(other))[0]) == left
        assert await other.mine() == left
        assert dict((await other.look(())).stops) == {"b": "asked"}

    async def test_whoever_takes_over_is_told_what_it_was_asked_with(
        self, store: SharedStore, other: SharedStore
    ) -> None:
        await store.open("a", "ann", credential="key-1")
        await store.open("b", "ann")
        await store.open_for_others("c", "ann", credential="key-2")
        assert await store.mine() == [Found("a", "ann", credential="key-1"), Found("b", "ann")]
        assert await other.claim(NOBODY) == [Found("c", "ann", credential="key-2")]
        [number] = await numbers(other)
        assert await other.claim(number) == [Found("a", "ann", credential="key-1"), Found("b", "ann")]
        assert [found.credential for found in await other.mine()] == ["key-1", None, "key-2"]

    async def test_what_goes_beside_is_not_called_where_the_id_is_taken(self, store: SharedStore) -> None:
        calls: list[str] = []

        async def beside() -> None:
            calls.append("stored")

        await store.open("a", "ann")
        with pytest.raises(Conflict):
            await store.open("a", "ann", beside=beside)
        assert not calls

    async def test_what_is_forgotten_while_it_is_open_breaks_nothing(self, store: SharedStore) -> None:
        await store.open("a", "ann")
        await store.open("b", "ann")
        await store.append([Record("a", 1, b"1"), Record("b", 1, b"1")])
        await store.forget(["a"])
        (of_a, a), (of_b, b) = ended("a", first=2), ended("b", first=2)
        await store.append([*of_a, *of_b], [a, b])
        assert await store.find(["a", "b"]) == [Found("b", "ann", None, b)]
        assert await store.read("a") == []
        assert await store.read("b") == [Record("b", 1, b"1"), *of_b]

    async def test_whatever_moment_it_is_given_up_in_nothing_is_lost_or_doubled(
        self, store: SharedStore, other: SharedStore
    ) -> None:
        for turn in range(20):
            key = f"a{turn}"
            await store.open(key, "ann")
            stored = 0

            async def write(key: str = key) -> None:
                nonlocal stored
                with contextlib.suppress(GivenUp):
                    while True:
                        await store.append([Record(key, stored + 1, b"mine")])
                        stored += 1
                        await asyncio.sleep(0.001)

            writing = asyncio.create_task(write())
            await asyncio.sleep(0.001 * turn)
            [number] = await numbers(other)
            assert await other.claim(number) == [Found(key, "ann")]
            found = await other.read(key)
            records, answer = ended(key, "theirs", first=len(found) + 1)
            await other.append(records, [answer])
            await writing
            assert (await store.renew())[1]
            assert stored == len(found)
            assert await other.read(key) == [*(Record(key, n + 1, b"mine") for n in range(stored)), *records]

    async def test_what_was_not_to_be_kept_is_forgotten_once_it_has_ended(self, store: SharedStore) -> None:
        await store.open("a", "ann", keep_seconds=0.0)
        await store.open("b", "ann", keep_seconds=3600.0)
        await store.open("c", "ann")
        await asyncio.sleep(0.01)
        await store.renew()
        assert [one.id for one in await store.find(["a", "b", "c"])] == ["a", "b", "c"]
        ended = [fold(key, [Done()]) for key in "abc"]
        await store.append([Record(key, 1, encode(Done())) for key in "abc"], ended)
        await store.renew()
        assert [one.id for one in await store.find(["a", "b", "c"])] == ["b", "c"]
        assert await store.read("a") == []
