"""What every library promises."""

import time
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from msgspec.structs import replace

from hubbub.core.documents import Completeness, Document, Omission, Progress
from hubbub.core.errors import Conflict, Invalid, NotFound
from hubbub.core.identifiers import new_id
from hubbub.core.ordering import in_order
from hubbub.core.people import Member, Permission, Reader, Right
from hubbub.search.base import DocumentOrder, Library, Listing, Renames

PutPassages = Callable[[Document, int, int], Awaitable[None]]
"""Gives a document this many passages in the search's store, of which so many have a vector."""


class LibraryContract:
    """Subclasses give two fixtures: `library`, empty, and `put_passages`."""

    async def test_has_the_collections_that_were_made_by_name(self, library: Library) -> None:
        beta = await library.create("beta", owner_id="ann", is_shared=True, description="Second.")
        alpha = await library.create(" Alpha ", owner_id="ann", is_shared=False)
        assert await library.collections() == [alpha, beta]
        assert alpha.name == "Alpha"
        assert not alpha.is_shared
        assert beta.is_shared
        assert await library.collection(beta.id) == beta
        assert beta.description == "Second."
        assert await library.collection(new_id()) is None

    async def test_an_owner_has_each_name_once(self, library: Library) -> None:
        await library.create("papers", owner_id="ann", is_shared=False)
        await library.create("papers", owner_id="bob", is_shared=False)
        with pytest.raises(Conflict):
            await library.create("papers", owner_id="ann", is_shared=True)

    @pytest.mark.parametrize("name", ["", "  ", "x" * 101])
    async def test_refuses_names_that_cannot_be_used(self, library: Library, name: str) -> None:
        with pytest.raises(Invalid):
            await library.create(name, owner_id="ann", is_shared=False)
        await library.create("x" * 100, owner_id="ann", is_shared=False)

    async def test_a_document_is_added_as_waiting(self, library: Library) -> None:
        added = await library.add(await a_document(library, "b.txt", state="ready", reason="old", pages=3))
        assert (added.state, added.reason, added.pages) == ("waiting", "", 0)
        other = await library.add(await a_document(library, "a.txt", collection_id=added.collection_id))
        assert await library.documents(added.collection_id) == [other, added]
        assert await library.document(added.id) == added
        assert await library.named(added.collection_id, "b.txt") == added
        assert await library.named(added.collection_id, "c.txt") is None
        assert await library.document(new_id()) is None

    async def test_documents_are_listed_page_by_page(self, library: Library) -> None:
        names = ["b.txt", "A.txt", "Ü 10.txt", "c.txt", "ü 2.txt"]
        first = await library.add(await a_document(library, names[0], size_bytes=3))
        place = first.collection_id
        others = [
            await library.add(await a_document(library, name, collection_id=place, size_bytes=9, added_at=2.0 + number))
            for number, name in enumerate(names[1:])
        ]
        by_age = [first, *others]
        by_name = sorted(by_age, key=lambda one: (in_order(one.name), one.id))
        by_size = sorted(by_age, key=lambda one: (one.size_bytes, one.id))
        orders: dict[DocumentOrder, list[Document]] = {"name": by_name, "added": by_age, "size": by_size}
        for order, expected in orders.items():
            for is_descending in (False, True):
                listing = Listing(order=order, is_descending=is_descending, limit=2)
                assert await _all_pages(library, place, listing) == expected[:: -1 if is_descending else 1]
        assert await _all_pages(library, place, Listing(limit=5)) == by_name

    async def test_documents_are_listed_by_name_as_a_person_orders_them(self, library: Library) -> None:
        names = ["note 2.txt", "Note 10.txt", "note 010b.txt", "note 100.txt", "Öl 3.txt", "Ol 20.txt", "zuletzt 1.txt"]
        first = await library.add(await a_document(library, names[3]))
        place = first.collection_id
        for name in (names[6], names[1], names[4], names[0], names[5], names[2]):
            await library.add(await a_document(library, name, collection_id=place))
        for is_descending in (False, True):
            listed = await _all_pages(library, place, Listing(is_descending=is_descending, limit=2))
            assert [one.name for one in listed] == names[:: -1 if is_descending else 1]

    async def test_documents_are_listed_by_words_condition_and_id(self, library: Library) -> None:
        first = await library.add(await a_document(library, "Übersicht.pdf"))
        place = first.collection_id
        second = await library.add(await a_document(library, "b.txt", collection_id=place))
        third = await library.add(await a_document(library, "c.txt", collection_id=place))
        await library.mark(
            second, "ready", title="Die ÜBERSICHT", completeness=Completeness(9, 10, (Omission("form", "x"),))
        )
        await library.mark(third, "failed", reason="It is empty.")

        async def names(**asked: Any) -> list[str]:
            return [one.name for one in (await library.listed(place, Listing(**asked))).documents]

        assert await names(words="übersicht") == ["b.txt", "Übersicht.pdf"]
        assert await names(words="_") == await names(words="%") == await names(words="nowhere") == []
        assert await names(condition="unfinished") == ["Übersicht.pdf"]
        assert await names(condition="partial") == await names(condition="ready") == ["b.txt"]
        assert await names(condition="failed") == ["c.txt"]
        assert await names(ids=[third.id, first.id, new_id()]) == ["c.txt", "Übersicht.pdf"]
        assert await names(ids=[]) == []
        assert await library.conditions(place) == {"unfinished": 1, "ready": 1, "partial": 1, "failed": 1}

    async def test_a_document_is_renamed_unless_its_new_name_is_taken(self, library: Library) -> None:
        if not isinstance(library, Renames):
            pytest.skip("this library can't rename")
        first = await library.add(await a_document(library, "a.txt"))
        await library.add(await a_document(library, "b.txt", collection_id=first.collection_id))
        await library.mark(first, "ready", title="First")
        assert not await library.rename(first.id, "b.txt")
        assert not await library.rename(new_id(), "c.txt")
        assert await library.rename(first.id, "c.txt")
        renamed = await library.named(first.collection_id, "c.txt")
        assert renamed is not None
        assert (renamed.id, renamed.state, renamed.title) == (first.id, "ready", "First")
        assert await library.named(first.collection_id, "a.txt") is None

    async def test_a_document_of_the_same_name_is_replaced_and_keeps_its_id(self, library: Library) -> None:
        first = await library.add(await a_document(library, "a.txt"))
        await library.mark(first, "ready", title="First", pages=2)
        newer = await a_document(library, "a.txt", collection_id=first.collection_id, sha256="b" * 64, size_bytes=7)
        second = await library.add(newer)
        assert second.id == first.id
        assert (second.sha256, second.size_bytes, second.state, second.title) == ("b" * 64, 7, "waiting", "")
        assert await library.documents(first.collection_id) == [second]

    async def test_a_document_needs_a_collection(self, library: Library) -> None:
        with pytest.raises(NotFound):
            await library.add(await a_document(library, "a.txt", collection_id=new_id()))

    async def test_a_mark_says_how_far_a_document_has_come(self, library: Library) -> None:
        document = await library.add(await a_document(library, "a.pdf"))
        assert await library.mark(document, "reading")
        assert await library.mark(document, "embedding", title="A title", pages=4)
        assert await library.mark(document, "failed", reason="It is damaged.")
        marked = await library.document(document.id)
        assert marked is not None
        assert (marked.state, marked.reason, marked.title, marked.pages) == ("failed", "It is damaged.", "A title", 4)

    async def test_a_document_says_how_whole_it_was_read(self, library: Library) -> None:
        document = await library.add(await a_document(library, "a.pdf"))
        assert document.completeness == Completeness()
        omitted = (Omission("pages_without_text", "5 of 6 pages hold no text", 5, 6),)
        await library.mark(document, "embedding", completeness=Completeness(80, 100, omitted))
        await library.mark(document, "ready")
        assert await library.document(document.id) == replace(
            document, state="ready", completeness=Completeness(80, 100, omitted), progress=1.0
        )
        assert [one.completeness.omitted for one in await library.documents(document.collection_id)] == [omitted]
        newer = await a_document(library, "a.pdf", collection_id=document.collection_id, sha256="b" * 64)
        assert (await library.add(newer)).completeness == Completeness()

    async def test_progress_is_that_of_the_state(self, library: Library, put_passages: PutPassages) -> None:
        document = await library.add(await a_document(library, "a.txt"))

        async def progress() -> float:
            known = await library.document(document.id)
            assert known is not None
            return known.progress

        await library.advance(document, 0.5)
        assert await progress() == 0.0  # it waits
        await library.mark(document, "reading")
        await library.advance(document, 0.25)
        assert await progress() == 0.25
        await library.advance(replace(document, sha256="f" * 64), 0.75)
        assert await progress() == 0.25
        await put_passages(document, 4, 1)
        await library.mark(document, "embedding")
        assert await progress() == 0.25
        await library.mark(document, "ready")
        assert await progress() == 1.0
        await library.mark(document, "reading")
        assert await progress() == 0.0
        await library.mark(document, "failed", reason="It is damaged.")
        assert await progress() == 0.0

    async def test_a_mark_on_older_content_changes_nothing(self, library: Library) -> None:
        old = await library.add(await a_document(library, "a.txt"))
        new = await library.add(await a_document(library, "a.txt", collection_id=old.collection_id, sha256="b" * 64))
        assert not await library.mark(old, "ready")
        assert await library.document(old.id) == new
        await library.forget(new.id)
        assert not await library.mark(new, "ready")

    async def test_unfinished_are_those_not_ready_or_failed_oldest_first(self, library: Library) -> None:
        first = await library.add(await a_document(library, "1", added_at=3.0))
        rest = [
            await library.add(await a_document(library, name, collection_id=first.collection_id, added_at=at))
            for name, at in [("2", 2.0), ("3", 1.0), ("4", 4.0), ("5", 5.0)]
        ]
        await library.mark(rest[0], "reading")
        await library.mark(rest[1], "embedding")
        await library.mark(rest[2], "ready")
        await library.mark(rest[3], "failed", reason="no")
        assert [document.name for document in await library.unfinished()] == ["3", "2", "1"]
        unread = await library.unread([library_id := (await library.unfinished())[0].collection_id], limit=9)
        expected = [one.name for one in await library.unfinished() if one.state != "embedding"]
        assert [document.name for document in unread] == expected
        assert await library.unread([library_id], limit=1) == unread[:1]
        assert await library.unread(["other"], limit=9) == []

    async def test_deleting_a_collection_forgets_its_documents(self, library: Library) -> None:
        kept = await library.add(await a_document(library, "a.txt"))
        gone = await library.add(await a_document(library, "a.txt", sha256="b" * 64))
        await library.delete(gone.collection_id)
        await library.delete(gone.collection_id)
        assert await library.collection(gone.collection_id) is None
        assert await library.document(gone.id) is None
        assert await library.document(kept.id) == kept
        assert await library.contents() == {kept.sha256}

    async def test_forgets_a_document(self, library: Library) -> None:
        document = await library.add(await a_document(library, "a.txt"))
        await library.forget(document.id)
        await library.forget(document.id)
        assert await library.document(document.id) is None
        assert await library.unfinished() == []

    async def test_counts_documents_and_passages(self, library: Library, put_passages: PutPassages) -> None:
        one = await library.add(await a_document(library, "1"))
        two = await library.add(await a_document(library, "2", collection_id=one.collection_id))
        other = await library.add(await a_document(library, "3"))
        await put_passages(one, 3, 1)
        await put_passages(two, 2, 2)
        await put_passages(other, 1, 0)
        await library.mark(two, "ready")
        await library.mark(other, "failed", reason="no")

        collection = await library.collection(one.collection_id)
        assert collection is not None
        assert (collection.documents, collection.passages, collection.embedded) == (2, 5, 3)
        assert collection in await library.collections()
        counts = [(document.passages, document.embedded) for document in await library.documents(one.collection_id)]
        assert counts == [(3, 1), (2, 2)]
        assert await library.progress(one.collection_id) == Progress(waiting=1, ready=1, passages=5, embedded=3)
        assert await library.progress() == Progress(waiting=1, ready=1, failed=1, passages=6, embedded=3)
        assert await library.progress(new_id()) == Progress()

    async def test_the_queue_holds_the_first_few_of_each_owner_and_payer(self, library: Library) -> None:
        for owner in ("ann", "bob"):
            collection = await library.create(owner, owner_id=owner, is_shared=False)
            for number in range(4):
                document = await a_document(library, f"{number}", collection_id=collection.id, added_at=float(number))
                await library.add(document, payer=f"person:{owner}")
        assert len(await library.queue()) == 8
        for one in await library.queue(1):
            await library.mark(one.document, "ready" if one.owner_id == "ann" else "reading")
        queue = [(one.owner_id, one.payer, one.document.name) for one in await library.queue(2)]
        assert sorted(queue) == [
            *(("ann", "person:ann", name) for name in ("1", "2")),
            *(("bob", "person:bob", name) for name in ("0", "1")),
        ]

    async def test_what_failed_by_a_fault_is_retried_and_what_failed_by_another_is_not(self, library: Library) -> None:
        made = [await library.add(await a_document(library, name)) for name in ("file", "missing", "ours")]
        for document in made:
            await library.mark(document, "failed", reason="no", fault=document.name)  # type: ignore[arg-type]
        assert await library.retry(("missing", "ours")) == 2
        assert sorted(one.document.name for one in await library.queue()) == ["missing", "ours"]
        assert await library.retry(("missing", "ours")) == 0

    async def test_bytes_are_counted_for_who_is_charged(self, library: Library) -> None:
        first = await library.add(await a_document(library, "a", size_bytes=10_000), payer="person:ann")
        await library.add(await a_document(library, "b", size_bytes=1), payer="person:ann")
        await library.add(await a_document(library, "c", size_bytes=50_000), payer="person:bob")
        assert await library.kept_bytes("person:ann") == 10_000 + 4096  # a file takes a block at least
        await library.forget(first.id)
        assert await library.kept_bytes("person:ann") == 4096

    async def test_what_failed_by_its_own_fault_is_kept_no_longer_than_told(self, library: Library) -> None:
        failed = await library.add(await a_document(library, "a", sha256="1" * 64, size_bytes=9000), payer="person:ann")
        ours = await library.add(await a_document(library, "b", sha256="2" * 64, size_bytes=9000), payer="person:ann")
        await library.mark(failed, "failed", reason="It is damaged.", fault="file")
        await library.mark(ours, "failed", reason="A mistake.", fault="ours")
        assert await library.drop_failed(time.time() - 60) == 0
        assert await library.drop_failed(time.time() + 60) == 1
        assert await library.contents() == {"2" * 64}
        assert not await library.refers_to("1" * 64)
        assert await library.refers_to("2" * 64)
        assert await library.kept_bytes("person:ann") == 9000
        known = await library.document(failed.id)
        assert known is not None
        assert known.reason == "It is damaged."
        await library.add(await a_document(library, "a", sha256="1" * 64, collection_id=failed.collection_id))
        assert await library.refers_to("1" * 64)

    async def test_a_restricted_document_is_there_for_its_readers_and_managers_alone(
        self, library: Library, put_passages: PutPassages
    ) -> None:
        shown = await library.add(await a_document(library, "a.txt"))
        place = shown.collection_id
        kept = await library.add(await a_document(library, "b.txt", collection_id=place), readers=["person:bob"])
        assert kept.is_restricted
        assert not shown.is_restricted
        for document in (shown, kept):
            await put_passages(document, 3, 2)
        group = await library.groups.create("Board")
        await library.groups.put_member(group.id, Member("dan"))
        given = [Permission("everybody", Right.USE), Permission("person:eve", Right.MANAGE)]
        await library.permissions.put(place, given)
        ann, bob, cat, dan, eve = (
            Reader(name, (f"person:{name}", "everybody")) for name in ("ann", "bob", "cat", "dan", "eve")
        )
        await library.mark(shown, "ready")

        async def sees(reader: Reader | None) -> bool:
            """Tell whether it is there, whichever way it is asked for."""
            one = await library.document(kept.id, reader=reader)
            name = await library.named(place, "b.txt", reader=reader)
            all_of_it = await library.documents(place, reader=reader)
            page = await library.listed(place, Listing(words="B.TXT"), reader=reader)
            counted = await library.conditions(place, reader=reader)
            unread = await library.unread([place], limit=9, reader=reader)
            collection = next(one for one in await library.collections(reader=reader) if one.id == place)
            told = {
                one is not None,
                name is not None,
                len(all_of_it) == 2,
                len(page.documents) == 1,
                counted["unfinished"] == 1,
                len(unread) == 1,
                (collection.documents, collection.passages, collection.embedded) == (2, 6, 4),
            }
            assert len(told) == 1, told
            if not one:
                assert (collection.documents, collection.passages, collection.embedded) == (1, 3, 2)
            if reader is not None:
                closed = await library.readers.closed([(reader, [shown.id, kept.id, new_id()])])
                assert closed == [[] if one else [kept.id]]
                _, sight = await library.readable(reader, [place])
                assert (sight.are_any, sight.sees_any) == (True, one is not None)
                assert (await library.readable(reader, [place]))[0] == await library.named_collections(
                    reader=reader, ids=[place]
                )
            return one is not None

        operator = Reader("operator", ("person:operator",), reads_all=True)
        seers = [await sees(one) for one in (None, operator, ann, bob, eve, cat, dan)]
        assert seers == [True] * 5 + [False] * 2
        assert await library.readers.of(kept.id) == ["person:bob"]
        assert await library.readers.of(shown.id) is None
        assert await library.readers.given("person:bob") == [kept.id]

        number = await library.permissions.revision()
        await library.readers.put(kept.id, [f"group:{group.id}"])
        assert number != (number := await library.permissions.revision())
        assert [await sees(one) for one in (bob, dan)] == [False, True]
        await library.groups.delete(group.id)  # nobody is left on the list: nobody else sees it
        assert number != (number := await library.permissions.revision())
        assert [await sees(one) for one in (ann, bob, cat, dan)] == [True, False, False, False]
        assert await library.readers.of(kept.id) == []

        again = await library.add(await a_document(library, "b.txt", collection_id=place, sha256="b" * 64))
        assert (again.id, again.is_restricted) == (kept.id, True)  # what replaces it is restricted as it was
        await library.readers.put(kept.id, None)
        assert number != await library.permissions.revision()
        assert await library.document(kept.id, reader=cat) is not None
        with pytest.raises(NotFound):
            await library.readers.put(new_id(), [])

    async def test_people_who_leave_leave_the_lists_of_documents(self, library: Library) -> None:
        document = await library.add(await a_document(library, "a.txt"), readers=["person:bob", "person:cat"])
        await library.groups.drop_person("bob")
        assert await library.readers.of(document.id) == ["person:cat"]
        await library.permissions.drop("person:cat")
        assert await library.readers.of(document.id) == []
        await library.delete(document.collection_id)
        assert await library.readers.of(document.id) is None

    async def test_a_collection_is_renamed_and_shared(self, library: Library) -> None:
        papers = await library.create("papers", owner_id="ann", is_shared=False)
        await library.create("other", owner_id="ann", is_shared=False)
        changed = await library.change(papers.id, name=" essays ", is_shared=True)
        assert changed is not None
        assert (changed.name, changed.is_shared) == ("essays", True)
        assert await library.change(papers.id, is_shared=False) == await library.collection(papers.id)
        with pytest.raises(Conflict):
            await library.change(papers.id, name="other")
        assert await library.change(papers.id, name="essays") is not None
        assert await library.change(new_id(), name="x") is None


async def _all_pages(library: Library, collection_id: str, listing: Listing) -> list[Document]:
    found: list[Document] = []
    while True:
        page = await library.listed(collection_id, listing)
        found += page.documents
        if page.next is None:
            return found
        listing = replace(listing, after=page.next)


async def a_document(library: Library, name: str, *, collection_id: str = "", **fields: object) -> Document:
    """Return a document that is not added yet, in a new collection if none is given."""
    if not collection_id:
        collection_id = (await library.create(new_id(), owner_id="ann", is_shared=False)).id
    values: dict[str, object] = {"sha256": "a" * 64, "size_bytes": 5, "added_at": 1.0, **fields}
    return Document(id=new_id(), collection_id=collection_id, name=name, **values)  # type: ignore[arg-type]
