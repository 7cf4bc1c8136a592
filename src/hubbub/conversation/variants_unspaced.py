"""Tell variants of a thing apart in Chinese, Japanese and Korean, whose names are not set apart by spaces.

A name says of which kind a thing is at its end, and which of that kind it is before that: "标准版" and "企业版",
"ゴールド会員" and "シルバー会員", "정규직" and "계약직". Or a sign behind it does: "掃除機" and "掃除機Pro".
"""

import re
from collections import defaultdict
from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence, Set
from functools import lru_cache
from typing import NamedTuple

from hubbub.conversation.candidates import READ_CHARACTERS, SEPARATOR, Candidate
from hubbub.conversation.musts import holds
from hubbub.core.wording import Term, folded, index_terms, segments

MOST_SIGNS = 10
"""So many signs a name has at most before its kind."""
SHORT_NAME = 3
"""… and before a kind of one sign that is not a known one."""
MOST_MORE = 6
"""… and so many that tell a longer name from the shorter one that it begins with."""
FIRST = 2
"""Of a clause so many segments may name of what it speaks: "本店|黄金会员"."""
LEAST_KIND = 2
"""A kind of one sign has to end a segment, or to be a known one: others are in too many words."""

OF = "·"
LEAST_OF = 3
"""A kind that is of a thing, as in "·人口", has so many signs, with that before it."""

_KINDS = tuple(
    """版 型 级 級 款 档 檔 套餐 方案 计划 計劃 会员 會員 用户 用戶 员工 員工 账户 賬戶
    プラン コース モデル エディション バージョン タイプ ライセンス クラス サイズ 会員 社員 席
    판 형 용 직 급 권 석 플랜 요금제 회원 에디션 버전 모델 패키지 코스 타입 등급 라이선스 사원 직원""".split()
)
"""What things are sold and kept as; any other kind has to be told by two names in the texts."""
_NO_NAME_ENDS = frozenset("应應须須需要可能将將请請在由从從对對把被为為每有不未已时時后後前并並且和与與或及")
"""Before these a clause has said of what it speaks: what follows is no kind."""
_CLAUSE = re.compile(r"[。．，、；：！？…·|「」『』“”()（）\[\]\n;:!?]+|[,.](?!\d)")
_DESIGNATION = re.compile(r"[a-z][a-z0-9+]*(?![型级級款版판형a-z0-9+])|[一二三四五六七八九十甲乙丙丁](?![^\W\d_])")
_KATAKANA = re.compile("[\u30a1-\u30fa\u30fc-\u30ff]+")
_EAST_ASIAN = frozenset({"zh", "ja", "ko"})


class Variant(NamedTuple):
    """What a question names of a kind of things."""

    name: str
    kind: str


class Longer(NamedTuple):
    """A name in a question that others begin with, and what stands behind it there: "" or "pro"."""

    root: str
    more: str


class UnspacedVariants:
    """The variants that a question names, as far as the candidates tell that they are variants."""

    def __init__(self, question: str, language: str, candidates: Sequence[Candidate]) -> None:
        self._question = question
        self._language = language
        self._candidates = candidates
        self._variants: list[Variant] = []
        self._longer: list[Longer] = []
        self._members: Mapping[str, Set[str]] = {}
        self._names: Set[str] = frozenset()
        self._beside: list[Term] | None = None
        """What is wanted beside the variant."""
        self._says_more: bool | None = None
        """Whether what is said of another variant has more of what is wanted."""
        self._known: dict[tuple[str, Variant | Longer], bool | None] = {}

    def read(self) -> Generator[None, None, None]:
        """Read what the candidates tell. Who drives this may pause in between."""
        if self._language not in _EAST_ASIAN:
            return
        asked = list(
            dict.fromkeys(one for clause in _clauses(self._question) for one in _with_joined(segments(clause)))
        )
        read = list({one.hit.passage_id: one for one in self._candidates if one.language in _EAST_ASIAN}.values())
        labels = dict.fromkeys(label for one in read for label in _above(one))
        told: list[str] = []
        names: dict[str, set[str]] = defaultdict(set)
        kinds = {kind for segment in asked for _, kind in _cuts(segment)}
        for text in (*(_text_of(one) for one in read), *labels):
            yield
            topics = _topics(text)
            told += topics
            _note_names(names, topics, kinds)
        self._variants = [one for segment in asked for one in _variants(segment, names)]
        yield
        everything = " ".join(_squeezed(_text_of(one)) for one in read)
        self._members = _members([_squeezed(label) for label in labels], told, asked)
        for root, members in self._members.items():
            for segment in asked:
                if root in segment:
                    self._longer.append(Longer(root, _more(segment, root, members, everything)))
        asked_names = " ".join(["".join(one) for one in (*self._variants, *self._longer)])
        self._names = frozenset(index_terms(asked_names, self._language))

    def is_of_another(self, candidate: Candidate) -> bool:
        """Tell whether a candidate speaks of another variant than the question, and not of that one too."""
        if not self._variants and not self._longer:
            return False
        levels = (candidate.text, *_above(candidate), _text_of(candidate))
        return any(self._is_other(levels, one) for one in (*self._variants, *self._longer))

    def says_only_which(self, candidate: Candidate, wanted: Sequence[Term]) -> bool:
        """Tell whether a candidate has only the variant of what is wanted, where what is said of another has more."""
        if not self._names:
            return False
        if self._beside is None:
            self._beside = [term for term in wanted if self._names.isdisjoint(term.forms)]
        beside = self._beside
        if any(holds(candidate.terms, term) for term in beside):
            return False
        if self._says_more is None:
            self._says_more = any(
                any(holds(one.terms, term) for term in beside) and self.is_of_another(one) for one in self._candidates
            )
        return self._says_more

    def _is_other(self, levels: Iterable[str], asked: Variant | Longer) -> bool:
        """Tell whether what stands nearest of those that speak of any variant speaks of another one."""
        for level in levels:
            if (level, asked) not in self._known:
                self._known[level, asked] = (
                    _has_other(level, asked) if isinstance(asked, Variant) else self._has_longer(level, asked)
                )
            if (is_other := self._known[level, asked]) is not None:
                return is_other
        return False

    def _has_longer(self, level: str, asked: Longer) -> bool | None:
        members = self._members[asked.root]
        said = {_member(rest, members) for rest in _behind(_squeezed(level), asked.root)}
        return asked.more not in said if said else None


def _has_other(level: str, asked: Variant) -> bool | None:
    """Tell whether a text speaks of another variant and not of the asked one; None where of none."""
    # A word that is no known kind may say as much in another place: "打印机支持彩色" of "彩色打印机".
    whole = asked.name + asked.kind if asked.kind in _KINDS else asked.name
    if whole in _squeezed(level):
        return False
    said = [name for segment in _topics(level) if asked.kind in segment for name in _before(segment, asked.kind)]
    return not any(not name or _is_same(name, asked.name) for name in said) if said else None


def _above(candidate: Candidate) -> Iterator[str]:
    hit = candidate.hit
    yield from (text for text in (candidate.heading, *reversed(hit.heading.split(SEPARATOR)), hit.title) if text)


def _text_of(candidate: Candidate) -> str:
    return candidate.hit.text[:READ_CHARACTERS]


def _clauses(text: str) -> list[str]:
    return [clause for clause in _CLAUSE.split(folded(text)) if clause.strip()]


@lru_cache(maxsize=2_000)
def _topics(text: str) -> tuple[str, ...]:
    """Return the segments that clauses begin with."""
    return tuple(one for clause in _clauses(text) for one in _with_joined(segments(clause)[:FIRST]))


def _with_joined(parts: Sequence[str]) -> Iterator[str]:
    """Yield segments, with each that another one is of also in one with that: "上海·人口"."""
    for before, part in zip(("", *parts), parts, strict=False):
        if part.startswith(OF):
            yield part[len(OF) :]
            if before:
                yield before.removeprefix(OF) + part
        else:
            yield part


@lru_cache(maxsize=2_000)
def _squeezed(text: str) -> str:
    return re.sub(r"[ \t]+", "", folded(text))


def _note_names(names: dict[str, set[str]], told: Iterable[str], kinds: Set[str]) -> None:
    """Note the names that segments have before what ends or goes on in a segment of the question."""
    for segment in told:
        for name, kind in _cuts(segment, kinds):
            if not any(_is_same(name, other) for other in names[kind]):
                names[kind].add(name)


def _cuts(segment: str, kinds: Set[str] | None = None) -> Iterator[tuple[str, str]]:
    """Yield the names that a segment may begin with, each with the kind that may follow it: any, or one of these."""
    for at in range(1, min(len(segment), MOST_SIGNS + 1)):
        kind = segment[at : at + (LEAST_OF if segment[at] == OF else LEAST_KIND)]
        if kinds is not None and kind not in kinds:
            continue
        name = segment[:at]
        is_long = len(kind) >= LEAST_KIND or at <= SHORT_NAME
        if is_long and name[-1] not in _NO_NAME_ENDS and OF not in name and kind not in name:
            yield name, kind


def _variants(segment: str, names: Mapping[str, Set[str]]) -> Iterator[Variant]:
    for name, kind in _cuts(segment):
        rest = segment[len(name) :]
        known = max((one for one in _KINDS if rest.startswith(one)), key=len, default="")
        if known and (len(known) > 1 or len(name) > 1 or not _is_hangul(known)):
            yield Variant(name, known)
        elif len(names.get(kind, ())) > 1:
            yield Variant(name, kind)


def _before(segment: str, kind: str) -> Iterator[str]:
    """Yield what stands before a kind in a segment; what only ends a word that a segment goes on with is no kind."""
    at = segment.find(kind)
    while 0 <= at <= MOST_SIGNS:
        if not at or segment[at - 1] not in _NO_NAME_ENDS:
            is_kind = len(kind) >= LEAST_KIND or kind in _KINDS or at + 1 == len(segment)
            if is_kind:
                yield segment[:at]
        at = segment.find(kind, at + 1)


def _is_hangul(sign: str) -> bool:
    return "가" <= sign <= "힣"


def _is_same(one: str, other: str) -> bool:
    return one.endswith(other) or other.endswith(one)


def _members(labels: Sequence[str], told: Sequence[str], asked: Sequence[str]) -> Mapping[str, Set[str]]:
    """Return what stands behind names that longer ones begin with, in labels and, as a designation, in texts."""
    members: dict[str, set[str]] = {}
    for root in labels:
        if len(root) < LEAST_KIND or not any(root in segment for segment in asked):
            continue
        more = {one[len(root) :] for one in labels if one.startswith(root) and 0 < len(one) - len(root) <= MOST_MORE}
        if more := {one for one in more if one[0].isalnum()}:
            members[root] = more | {""}
    whole = {*labels, *told}
    for segment in told:
        for found in _DESIGNATION.finditer(segment):
            root = segment[: found.start()]
            is_name = LEAST_KIND <= len(root) <= MOST_SIGNS and not root[-1].isascii()
            if is_name and any(root in one for one in asked):
                members.setdefault(root, set()).add(found[0])
                if root in whole:
                    members[root].add("")
    return members


def _more(segment: str, root: str, members: Set[str], everything: str) -> str:
    """Return what a question has behind a name: a variant that is known, or one that is not."""
    rest = segment[segment.index(root) + len(root) :]
    if known := _member(rest, members):
        return known
    if found := _DESIGNATION.match(rest) or (_KATAKANA.match(rest) if _KATAKANA.match(root[-1]) else None):
        return found[0]
    return rest if rest and rest not in everything and _is_hangul(rest[0]) else ""


def _member(rest: str, members: Set[str]) -> str:
    return max((one for one in members if rest.startswith(one)), key=len, default="")


def _behind(text: str, root: str) -> Iterator[str]:
    at = text.find(root)
    while at >= 0:
        yield text[at + len(root) : at + len(root) + MOST_MORE + 2]
        at = text.find(root, at + 1)
