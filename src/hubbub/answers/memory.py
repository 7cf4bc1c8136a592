"""Keep the logs of answers in memory: for tests, and where nothing shall stay."""

from collections.abc import Sequence
from types import TracebackType
from typing import Self

from hubbub.answers.base import Record
from hubbub.core.answer import Answer
from hubbub.core.errors import Conflict


class MemoryAnswers:
    """An `AnswerStore` that is gone with its process."""

    def __init__(self) -> None:
        self._owners: dict[str, str] = {}
        self._records: dict[str, list[Record]] = {}
        self._results: dict[str, Answer] = {}

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        pass

    async def open(self, answer_id: str, owner_id: str) -> None:
        if answer_id in self._owners:
            raise Conflict("There is an answer with this id already.")
        self._owners[answer_id] = owner_id
        self._records[answer_id] = []

    async def owner(self, answer_id: str) -> str | None:
        return self._owners.get(answer_id)

    async def append(self, records: Sequence[Record], ended: Sequence[Answer] = ()) -> None:
        for record in records:
            self._records[record.answer_id].append(record)
        for answer in ended:
            self._results[answer.id] = answer

    async def read(self, answer_id: str, after: int = 0, *, limit: int = 1000) -> list[Record]:
        return self._records.get(answer_id, [])[after : after + limit]

    async def answers(self, answer_ids: Sequence[str]) -> list[Answer]:
        return [self._results[answer_id] for answer_id in answer_ids if answer_id in self._results]

    async def unended(self) -> list[str]:
        return [answer_id for answer_id in self._owners if answer_id not in self._results]

    async def forget(self, answer_ids: Sequence[str]) -> None:
        for answer_id in answer_ids:
            for kept in (self._owners, self._records, self._results):
                kept.pop(answer_id, None)
