"""Give a person's collections, assistants and prompts to somebody else; their chats stay theirs."""

import msgspec

from hubbub.app.application import Application
from hubbub.app.personal_data import PersonalData
from hubbub.core.errors import Conflict
from hubbub.core.people import OPERATOR, PERSON
from hubbub.core.reasons import because
from hubbub.history.base import GivableRecords
from hubbub.identity.jobs_sqlite import Job
from hubbub.search.base import Givable


class Things(msgspec.Struct, frozen=True):
    """How much of a person's can be handed over."""

    collections: int = 0
    documents: int = 0
    """In these collections, whoever added them."""
    assistants: int = 0
    prompts: int = 0

    def counts(self) -> dict[str, int]:
        """Return the counts as reports tell them."""
        return {f"{name} handed over": count for name, count in msgspec.structs.asdict(self).items()}


class HandingOver:
    """Hands over what others work with, as a job that is done again from the beginning after a crash.

    The collections are given in one transaction, assistants and prompts in another one; neither is given twice.
    """

    def __init__(self, app: Application, personal: PersonalData) -> None:
        self._app = app
        self._personal = personal

    async def things(self, person_id: str) -> Things:
        """Count what a person has."""
        app = self._app
        kept = await app.library.count_kept(person_id) if isinstance(app.library, Givable) else {}
        assistants = await app.records.count(app.assistants.kind, person_id)
        prompts = await app.records.count(app.prompts.kind, person_id)
        return Things(**kept, assistants=assistants, prompts=prompts)

    async def exceeds(self, person_id: str, taker_id: str) -> bool:
        """Tell whether somebody would be charged for more bytes than they may keep. They get them all the same."""
        app = self._app
        taker = await app.people.find(taker_id) if app.people is not None else None
        if (taker is not None and taker.is_operator) or not isinstance(app.library, Givable):
            return False
        more = await app.library.charged_bytes(person_id)
        return await app.pipeline.would_exceed(PERSON + taker_id, more) if more else False

    async def check(self, job: Job) -> None:
        """Return if the things can be handed over now.

        Raises:
            NotFound, Invalid: there is nobody any more who could take them.
            Conflict: a legal hold was placed meanwhile, or what keeps them gives nothing.
        """
        await self._personal.check_taker(OPERATOR, job.person_id, job.taker_id)
        if await self._personal.jobs.is_held(job.person_id):
            raise Conflict(because("held"), code="held")
        self._givable()

    async def run(self, job: Job) -> dict[str, int | str]:
        """Hand the things over and return the report of the job, with how many they were.

        Raises:
            NotFound, Invalid, Conflict: as `check` does.
        """
        await self.check(job)
        library, records = self._givable()
        app, giver_id, taker_id = self._app, job.person_id, job.taker_id
        things = await self.things(giver_id)
        if job.report and things == Things():
            return dict(job.report)
        before = {name: count for name, count in job.report.items() if isinstance(count, int)}
        counts = {name: max(before.get(name, 0), count) for name, count in things.counts().items()}
        report = {**job.report, **counts}
        await self._personal.jobs.note(job, report)
        told = ", ".join(f"{count} {name}" for name, count in msgspec.structs.asdict(things).items())
        async with app.deeds.doing(
            "handed over", by=job.asked_by, of=giver_id, where="", detail=f"to {taker_id}: {told}"
        ):
            await library.give_collections(giver_id, taker_id)
            await records.give((*app.prompts.kinds, *app.assistants.kinds), giver_id, taker_id)
        return report

    def _givable(self) -> tuple[Givable, GivableRecords]:
        library, records = self._app.library, self._app.records
        if not isinstance(library, Givable) or not isinstance(records, GivableRecords):
            raise Conflict(because("handover_not_kept"))
        return library, records
