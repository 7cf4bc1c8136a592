"""Know the words of English that no stemmer brings together: "sold" and "sells", "children" and "child"."""

from collections.abc import Mapping

from hubbub.core.languages import stems

# Left out are those that are other words, too, as "saw", "left", "found" and "ground" are.
_TOGETHER = """
arise arose arisen;become became;begin began begun;blow blew blown;break broke broken;bring brought;build built
burn burnt;buy bought;catch caught;child children;choose chose chosen;come came;deal dealt;dig dug;draw drew drawn
drive drove driven;eat ate eaten;feed fed;fight fought;fly flew flown;foot feet;forbid forbade forbidden
forget forgot forgotten;freeze froze frozen;give gave given;go went gone;goose geese;grow grew grown;hear heard
hide hid hidden;hold held;keep kept;know knew known;lay laid;lead led;learn learnt;lend lent;lose lost;make made
man men;meet met;mouse mice;overcome overcame;pay paid;ride rode ridden;ring rang rung;run ran;seek sought;sell sold
send sent;shake shook shaken;shrink shrank shrunk;sing sang sung;sink sank sunk;sit sat;sleep slept;speak spoken
spend spent;stand stood;steal stolen;strike struck;swear swore sworn;sweep swept;swim swam swum;take took taken
teach taught;tear tore torn;tell told;throw threw thrown;tooth teeth;undergo underwent;understand understood
wake woke woken;wear wore worn;weave wove woven;win won;withdraw withdrew withdrawn;woman women;write wrote written
"""


def _others() -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for together in _TOGETHER.replace("\n", ";").strip(";").split(";"):
        of_one = dict.fromkeys(stem for word in together.split() for stem in stems(word, "en"))
        found |= {stem: tuple(other for other in of_one if other != stem) for stem in of_one}
    return found


OTHERS: Mapping[str, tuple[str, ...]] = _others()
"""By the stem of such a word, the stems of its other forms."""
