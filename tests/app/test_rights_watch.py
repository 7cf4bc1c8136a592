"""Open answers are checked while others come."""

from collections.abc import Sequence

from hubbub.app.rights_watch import NO_RIGHT, RightsWatch
from hubbub.core.people import Permission, Reader


class Rights:
    """A library's permissions, whose revision is read slowly: an answer comes meanwhile."""

    def __init__(self) -> None:
        self.watch: RightsWatch | None = None
        self.coming: list[str] = []
        self.asked: list[int] = []
        self.may = True

    @property
    def permissions(self) -> "Rights":
        return self

    @property
    def readers(self) -> "Rights":
        return self

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


async def test_an_answer_that_comes_during_a_check_is_checked_and_disturbs_nothing() -> None:
    rights, stopped = Rights(), list[tuple[str, str]]()
    watch = rights.watch = RightsWatch(
        rights,  # type: ignore[arg-type]
        lambda answer, why: stopped.append((answer, why)),
        lambda answer: True,
        lambda answer: None,
    )
    watch.add("first", Reader("ann"), ["c1"])
    await watch.check()
    assert rights.asked == [1]
    rights.coming, rights.may = ["second"], False
    await watch.check()
    await watch.check()
    assert rights.asked == [1, 1], "no right has changed: only the new one is asked about, once"
    assert stopped == [("second", NO_RIGHT)]
