"""Open answers are checked while others come."""

from collections.abc import Sequence

from hubbub.app.rights_watch import NO_RIGHT, RightsWatch
from hubbub.core.people import Permission, Reader


class Unrestricted:
    """No document is restricted."""

    async def of(self, document_id: str) -> list[str] | None:
        return None

    async def put(self, document_id: str, subjects: Sequence[str] | None) -> None: ...

    async def closed(self, asked: Sequence[tuple[Reader, Sequence[str]]]) -> list[list[str]]:
        return [[] for _ in asked]

    async def given(self, subject: str) -> list[str]:
        return []


class Rights:
    """Rights whose revision is read slowly: an answer comes meanwhile."""

    def __init__(self) -> None:
        self.watch: RightsWatch | None = None
        self.coming: list[str] = []
        self.asked: list[int] = []
        self.may = True
        self.permissions = self
        self.readers = Unrestricted()

    async def revision(self) -> int:
        if self.watch is not None and self.coming:
            self.watch.add(self.coming.pop(0), Reader("ann"), ["c1"])
        return 1

    async def usable(self, asked: Sequence[tuple[Reader, Sequence[str]]]) -> list[bool]:
        self.asked.append(len(asked))
        return [self.may] * len(asked)

    async def of(self, collection_id: str) -> list[Permission]:
        return []

    async def put(self, collection_id: str, permissions: Sequence[Permission]) -> None: ...

    async def drop(self, subject: str) -> None: ...


async def test_an_answer_that_comes_during_a_check_is_checked_by_the_next_one() -> None:
    rights, stopped = Rights(), list[tuple[str, str]]()
    watch = rights.watch = RightsWatch(
        rights, lambda answer, why: stopped.append((answer, why)), lambda answer: True, lambda answer: None
    )
    watch.add("first", Reader("ann"), ["c1"])
    await watch.check()
    assert rights.asked == [1]
    rights.coming = ["second"]
    await watch.check()
    assert rights.asked == [1], "it came after those were chosen that are asked about"
    rights.may = False
    await watch.check()
    assert rights.asked == [1, 1], "no right has changed: only the new one is asked about"
    assert stopped == [("second", NO_RIGHT)]


async def test_an_answer_over_no_collections_is_asked_about_by_what_else_it_needs_alone() -> None:
    rights, stopped = Rights(), list[str]()
    watch = RightsWatch(rights, lambda answer, why: stopped.append(answer), lambda answer: True, lambda answer: None)
    may = True

    async def holds() -> bool:
        return may

    watch.add("by a model", Reader("ann"), (), holds)
    await watch.check()
    assert (rights.asked, stopped) == ([], []), "no collection is looked up"
    watch.add("over documents", Reader("ann"), ["c1"], holds)
    await watch.check()
    assert (rights.asked, stopped) == ([1], [])
    may = False
    watch.add("by a model, too", Reader("ann"), (), holds)
    await watch.check()
    assert (rights.asked, stopped) == ([1], ["by a model, too"])
