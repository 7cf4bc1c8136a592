"""Say who asks a question, to what counts usage, and of answers that other workers began."""

from hubbub.answers.base import Found
from hubbub.core.people import GUEST_ID, OPERATOR, OPERATOR_ID, Person
from hubbub.identity.cookies import is_of_browser
from hubbub.usage.base import Asker


def owner_of(person_id: str) -> Person:
    """Return who asked a question that another worker took in, as far as that is known here."""
    if person_id == OPERATOR_ID:
        return OPERATOR
    return Person(person_id, known_by="nothing" if person_id == GUEST_ID or is_of_browser(person_id) else "account")


def asker_of(person: Person) -> Asker:
    """Return for whom what a person uses is recorded."""
    bounds = person.limits.quota if person.limits is not None else ()
    return Asker(person.id, person.key, tuple(sorted(person.groups)), bounds)


def asker_of_found(found: Found) -> Asker:
    """Return the same of an answer that another worker began, as far as it was stored with it."""
    return Asker(found.owner_id, found.credential or "")
