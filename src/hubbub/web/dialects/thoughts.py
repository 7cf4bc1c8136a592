"""Tell how an answer came about as the chat and search sample does: what was found, and four thoughts."""

from collections.abc import Sequence

import msgspec

from hubbub.core.documents import Hit, Retrieval
from hubbub.core.events import Cited, Event, FollowUps, Prompted, Reclassified, Searched, Started, Text, Usage, Way
from hubbub.core.messages import Turn
from hubbub.web.dialects.citing import Citing, source_name

STANDS_ALONE = "No model was asked: the question was searched for as it stands, or with words that were said before."
NOT_ASKED = "No model was asked: nothing was found that an answer could be written from."
QUOTED = "No model has written this: the passages are quoted, word for word."


class Plan(msgspec.Struct, frozen=True):
    """How the documents are searched for an answer, and what of the wishes for it can't be met."""

    top: int
    retrieval: Retrieval = Retrieval()
    collections: tuple[str, ...] = ()
    """The names of those that are searched."""
    not_applied: tuple[str, ...] = ()
    for_writers: tuple[str, ...] = ()
    """The wishes that only a model that writes can meet: where passages are quoted, they are not applied either."""


class DataPoints(msgspec.Struct, frozen=True):
    """What was found: each passage with the name it is cited by, and these names once each."""

    text: tuple[str, ...] = ()
    images: tuple[str, ...] = ()
    citations: tuple[str, ...] = ()
    external_results_metadata: tuple[str, ...] = ()


class Thought(msgspec.Struct, frozen=True):
    """A step on the way to the answer."""

    title: str
    description: object
    props: dict[str, object] | None = None


class Context(msgspec.Struct, frozen=True):
    """What stands beside an answer's text."""

    data_points: DataPoints
    thoughts: tuple[Thought, ...]
    followup_questions: tuple[str, ...] | None = None
    answer: None = None


class Telling:
    """What is known of an answer after the events so far. Its text is not kept."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._way: Way | None = None
        self._reason = ""
        self._prompts: dict[str, Prompted] = {}
        self._searched: Searched | None = None
        self.usage: Usage | None = None
        self.follow_ups: tuple[str, ...] = ()
        self.citing = Citing()

    def add(self, event: Event) -> None:
        """Take the next event."""
        match event:
            case Started(way=way, reason=reason):
                self._way, self._reason = way, reason
                self.citing.begin(way)
                self._prompts.pop("answer", None)  # whoever was asked before has not answered
            case Prompted(purpose=purpose):
                self._prompts[purpose] = event
            case Searched():
                self._searched = event
            case Reclassified():
                self.citing.begin_again()
            case Cited(citation=citation):
                self.citing.cite(citation)
            case FollowUps(questions=questions):
                self.follow_ups = questions
            case Usage():
                self.usage = event
            case _:
                pass

    def context(self, *, has_follow_ups: bool) -> Context:
        """Return what stands beside the text; what was used as far as that is known."""
        hits = self._searched.hits if self._searched else ()
        thoughts = [self._answering()]
        if self._searched is not None:
            results = Thought("Search results", [_result(hit) for hit in hits])
            thoughts = [self._asking(), self._searching(self._searched), results, *thoughts]
        follow_ups = self.follow_ups if has_follow_ups and self.follow_ups else None
        return Context(_data_points(hits, self._plan.retrieval), tuple(thoughts), follow_ups)

    def _asking(self) -> Thought:
        prompt = self._prompts.get("query")
        description = STANDS_ALONE if prompt is None else _messages(prompt.turns)
        return Thought("Prompt to generate search query", description, _props(prompt, None))

    def _searching(self, searched: Searched) -> Thought:
        plan, how = self._plan, self._plan.retrieval
        props: dict[str, object] = {
            "use_semantic_captions": how.semantic_captions,
            "use_semantic_ranker": how.semantic_ranker,
            "use_query_rewriting": how.query_rewriting,
            "top": plan.top,
            "filter": _filter(how),
            "use_vector_search": how.mode != "text",
            "use_text_search": how.mode != "vectors",
            "minimum_search_score": how.minimum_score,
            "minimum_reranker_score": how.minimum_reranker_score,
            "collections": plan.collections,
        }
        left_out = plan.not_applied + (plan.for_writers if self._way == "quotes" else ())
        if left_out:
            props["not_applied"] = left_out
        return Thought("Search using generated search query", searched.query, props)

    def _answering(self) -> Thought:
        prompt = self._prompts.get("answer")
        no_prompt = f"{QUOTED} {self._reason}".rstrip() if self._way == "quotes" else NOT_ASKED
        description = no_prompt if prompt is None else _messages(prompt.turns)
        return Thought("Prompt to generate answer", description, _props(prompt, self.usage))


def text_of(telling: Telling, events: Sequence[Event]) -> str:
    """Take all events of an answer, and return its text, with the names of what it cites."""
    texts: list[str] = []
    for event in events:
        if isinstance(event, Text):
            texts.append(telling.citing.text(event.text))
        else:
            if isinstance(event, Reclassified):
                texts.clear()
            telling.add(event)
    return "".join([*texts, telling.citing.rest()])


def _messages(turns: Sequence[Turn]) -> list[dict[str, str]]:
    return [{"role": turn.role, "content": turn.text} for turn in turns]


def _props(prompt: Prompted | None, usage: Usage | None) -> dict[str, object]:
    model = prompt.model if prompt is not None else None
    props: dict[str, object] = {"model": model, "deployment": model}
    if usage is not None:
        props["token_usage"] = {
            "prompt_tokens": usage.prompt_tokens,
            "completion_tokens": usage.completion_tokens,
            "reasoning_tokens": usage.reasoning_tokens,
            "total_tokens": usage.prompt_tokens + usage.completion_tokens,
        }
    return props


def _filter(how: Retrieval) -> str | None:
    """Return the filter by categories in the words of OData, as the sample writes it."""
    wanted = (("eq", how.include_category), ("ne", how.exclude_category))
    quoted = [(sign, category.replace("'", "''")) for sign, category in wanted if category]
    parts = [f"category {sign} '{category}'" for sign, category in quoted]
    return " and ".join(parts) or None


def _data_points(hits: Sequence[Hit], how: Retrieval) -> DataPoints:
    names = [source_name(hit.name, hit.page) for hit in hits]
    bodies = [hit.caption if how.semantic_captions and hit.caption else hit.text for hit in hits]
    texts = [f"{name}: {' '.join(body.splitlines())}" for name, body in zip(names, bodies, strict=True)]
    return DataPoints(tuple(texts), citations=tuple(dict.fromkeys(names)))


def _result(hit: Hit) -> dict[str, object]:
    return {
        "type": "searchIndex",
        "id": hit.passage_id,
        "content": hit.text,
        "category": hit.category or None,
        "sourcepage": source_name(hit.name, hit.page),
        "sourcefile": hit.name,
        "oids": None,
        "groups": None,
        "captions": [{"additional_properties": {}, "text": hit.caption, "highlights": []}] if hit.caption else [],
        "score": hit.score,
        "reranker_score": hit.reranker_score,
        "activity": None,
        "images": None,
    }
