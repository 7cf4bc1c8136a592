"""Whose document is read next: people take turns, whatever the first of them brought."""

from hubbub.core.documents import Document, Queued
from hubbub.ingest.turns import RESERVED, Turns


def queued(name: str, *, owner: str, payer: str = "") -> Queued:
    return Queued(Document(name, "c", name, "0" * 64, 1), owner, payer or owner)


def begun(turns: Turns, queue: list[Queued]) -> list[str]:
    """Begin what can be begun; return the names in their order."""
    names: list[str] = []
    while chosen := turns.choose(queue):
        turns.begin(chosen)
        queue.remove(chosen)
        names.append(chosen.document.id)
    return names


def test_one_person_alone_has_the_usual_places() -> None:
    assert begun(Turns(2), [queued(str(number), owner="ann") for number in range(8)]) == ["0", "1"]


def test_anothers_document_begins_while_all_places_are_taken() -> None:
    turns = Turns(2)
    slow = [queued(str(number), owner="ann") for number in range(8)]
    begun(turns, slow)
    assert begun(turns, [*slow, queued("small", owner="bob")]) == ["small"]


def test_many_cookies_of_one_address_leave_a_place_for_another_address() -> None:
    turns = Turns(2)
    slow = [queued(str(number), owner=f"cookie {number}", payer="address") for number in range(20)]
    assert len(begun(turns, slow)) == 2 + RESERVED - 1
    assert begun(turns, [*slow, queued("small", owner="bob", payer="other")]) == ["small"]


def test_people_take_turns() -> None:
    turns = Turns(1)
    queue = [queued(f"ann {number}", owner="ann") for number in range(3)]
    queue += [queued(f"bob {number}", owner="bob") for number in range(2)]
    order: list[str] = []
    while queue:
        chosen = turns.choose(queue)
        assert chosen is not None
        turns.begin(chosen)
        waiting = turns.choose([one for one in queue if one.owner_id == chosen.owner_id])
        assert waiting is None  # one place, and it is taken
        queue.remove(chosen)
        order.append(chosen.document.id)
        following = [one for one in queue if one.owner_id != chosen.owner_id][:1]
        for one in following:
            turns.begin(one)
            queue.remove(one)
            order.append(one.document.id)
            turns.end(one)
        turns.end(chosen)
    assert order == ["ann 0", "bob 0", "ann 1", "bob 1", "ann 2"]
