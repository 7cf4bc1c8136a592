"""Turn characters of symbol fonts into those that Unicode has for what they show."""

import re
from functools import lru_cache

SYMBOL_FIELD = re.compile(
    r'\s*SYMBOL\s+(\d{1,7}|0x[\da-f]{1,6})\b(?:.*?\\f\s*"?([\w ]+?)"?\s*(?:\\|$))?', re.IGNORECASE
)
"""The code of a field that shows a symbol: its number, and its font if that is named."""

_UNKNOWN = "□"
_FIRST = 0x20
_NONE = _UNKNOWN * 32

# Sixteen characters a line, from 0x20 on. Similar signs are written alike, as people search for them.
_SYMBOL = (
    " !∀#∃%&∋()*+,-./"
    "0123456789:;<=>?"
    "≅ΑΒΧΔΕΦΓΗΙϑΚΛΜΝΟ"
    "ΠΘΡΣΤΥςΩΞΨΖ[∴]⊥_"
    "‾αβχδεφγηιϕκλμνο"
    "πθρστυϖωξψζ{|}~□" + _NONE + "€ϒ′≤⁄∞ƒ♣♦♥♠↔←↑→↓"
    "°±″≥×∝∂•÷≠≡≈…⏐─↵"
    "ℵℑℜ℘⊗⊕∅∩∪⊃⊇⊄⊂⊆∈∉"
    "∠∇®©™∏√⋅¬∧∨⇔⇐⇑⇒⇓"
    "◊〈®©™∑⎛⎜⎝⎡⎢⎣⎧⎨⎩⎪"
    "□〉∫⌠⎮⌡⎞⎟⎠⎤⎥⎦⎫⎬⎭□"
)
_WINGDINGS = (
    " ✏✂✁👓🔔📖🕯☎✆✉🖃📪📫📬📭"
    "📁📂📄🗏🗐🗄⌛⌨🖰🖲💻🖴💾🖬✇✍"
    "🖎✌👌👍👎☜☞☝☟🖐☺😐☹💣☠🏳"
    "🏱✈☼💧❄🕆✞🕈✠✡☪☯🕉☸♈♉"
    "♊♋♌♍♎♏♐♑♒♓&&●○■□"
    "□□□⬧⧫◆❖⬥⌧⍓⌘❀✿“”□"
    "⓪①②③④⑤⑥⑦⑧⑨⑩⓿❶❷❸❹"
    "❺❻❼❽❾❿🙢🙠🙡🙣🙞🙜🙝🙟·•"
    "▪○○○◉◎○▪□🟀✦★✶✴✹✵"
    "⯐⌖⟡⌑⯑✪✰🕐🕑🕒🕓🕔🕕🕖🕗🕘"
    "🕙🕚🕛⮰⮱⮲⮳⮴⮵⮶⮷🙪🙫🙕🙔🙗"
    "🙖🙐🙑🙒🙓⌫⌦⮘➢⮙⮛⮈➲⮉⮋←"
    "→↑↓↖↗↙↘←→↑↓↖↗↙↘⇦"
    "⇨⇧⇩⇔⇳⬁⬀⬃⬂▭▯✗✓☒☑⊞"
)
_WINGDINGS_2 = (
    " 🖊🖋🖌🖍✄✀🕾🕽🗅🗆🗇🗈🗉🗊🗋"
    "🗌🗍📋🗑🗔🖵🖶🖷🖸🖭🖯🖱🖒🖓🖘🖙"
    "🖚🖛👈👉🖜🖝🖞🖟🖠🖡👆👇🖢🖣🖑✗"
    "✓☒☑☒☒⮾⮿⦸⦸🙱🙴🙲🙳‽🙹🙺"
    "🙻🙦🙤🙥🙧🙚🙘🙙🙛⓪①②③④⑤⑥"
    "⑦⑧⑨⑩⓿❶❷❸❹❺❻❼❽❾❿□"
    "☉🌕☽☾⸿✝🕇🕜🕝🕞🕟🕠🕡🕢🕣🕤"
    "🕥🕦🕧🙨🙩⋅·•●●○○○⊙⦿▪"
    "▪◾■□□□□□▣▣▣▣▣⬩◆◇"
)
_WINGDINGS_3 = " ←→↑↓↖↗↙↘⭰⭲⭱⭳⭶⭸⭻⭽↔↕⭪⭬⭫⭭⭍⮠⮡⮢⮣⮤⮥⮦⮧⮐⮑⮒⮓⮀⮃⭾⭿⮄⮆⮅⮇⮏⮍⮎⮌⭮⭯⎋⌤⌃⌥␣⍽⇪⮸□□□□□□□□□□□□←→↑↓↖↗↙↘↔↕▲▼△▽◀▶◁▷◣◢◤◥◂▸▴□▾"
_WEBDINGS = (
    " 🕷🕸🕲🕶🏆🎖🖇🗨🗩🗰🗱🌶🎗🙾🙼"
    "🗕🗖🗗◀▶▲▼⏪⏩⏮⏭⏸⏹⏺🗚🗳"
    "🛠🏗🏘🏙🏚🏜🏭🏛🏠🏖🏝🛣🔍🏔👁👂"
    "🏞🏕🛤🏟🛳🕬🕫🕨🔈🎔🎕🗬🙽🗭🗪🗫"
    "⮔✔🚲□🛡📦🛱■🚑ℹ🛩🛰🟈🕴●🛥"
    "🚔🗘✖❓🛲🚇🚍⛳🛇⊖🚭🗮|🗯🗲□"
    "🚹🚺🛉🛊🚼👽🏋⛷🏂🏌🏊🏄🏍🏎🚘🗠"
    "🛢💰🏷💳👪🗡🗢🗣✯🖄🖅🖃🖆🖹🖺🖻"
    "🕵🕰🖽🖾📋🗒🗓📖📚🗞🗟🗃🗂🖼🎭🎜"
    "🎘🎙🎧💿🎞📷🎟🎬📽📹📾📻🎚🎛📺💻"
    "🖥🖦🖧🕹🎮🕻🕼📟🖁🖀🖨🖩🖿🖪🗜🔒"
    "🔓🗝📥📤🕳🌣🌤🌥🌦☁🌧🌨🌩🌪🌬🌫"
    "🌜🌡🛋🛏🍽🍸🛎🛍Ⓟ♿🛆🖈🎓🗤🗥🗦"
    "🗧🛪🐿🐦🐟🐕🐈🙬🙮🙭🙯🗺🌍🌏🌎🕊"
)
_FONTS = {
    "symbol": _SYMBOL,
    "wingdings": _WINGDINGS,
    "wingdings 2": _WINGDINGS_2,
    "wingdings 3": _WINGDINGS_3,
    "webdings": _WEBDINGS,
}
_NAMES = (b"wingdings", b"webdings", b"symbol")
_UTF_16 = (b"\xff\xfe", b"\xfe\xff")


def may_name_symbols(data: bytes) -> bool:
    """Tell whether XML may name a symbol font: most names none, and its fonts need not be looked at."""
    if data[:2] in _UTF_16:
        return True
    folded = data.lower()
    return any(name in folded for name in _NAMES)


@lru_cache(1024)
def symbol_font(name: str) -> str:
    """Return the name of a symbol font as it is known here, "" for any other font."""
    name = name.strip(" '\"").lower()
    return name if name in _FONTS else ""


def in_font(font: str, text: str) -> str:
    """Return what a text shows that is set in a symbol font, by the name that it is known by here."""
    signs = _FONTS.get(font)
    return text if signs is None else "".join(_sign(signs, one) for one in text)


def with_symbols(font: str, text: str) -> str:
    """Return a text of which only what is of private use is set in a symbol font."""
    signs = _FONTS.get(font)
    if signs is None:
        return text
    return "".join(_sign(signs, one) if "\uf020" <= one <= "\uf0ff" else one for one in text)


def _sign(signs: str, character: str) -> str:
    """Return what one character shows; those of other scripts come from other fonts."""
    number = ord(character)
    place = (number - 0xF000 if 0xF000 <= number <= 0xF0FF else number) - _FIRST
    if not 0 <= place < 0x100 - _FIRST or character.isspace():
        return character
    return signs[place] if place < len(signs) else _UNKNOWN


def symbol(font: str, code: str) -> str:
    """Return a symbol by its font and its hexadecimal code, "□" where it is not known."""
    try:
        character = chr(int(code, 16))
    except (ValueError, OverflowError):
        return ""
    if known := symbol_font(font):
        return in_font(known, character)
    is_private = "\ue000" <= character <= "\uf8ff"
    if is_private and "\uf000" <= character <= "\uf0ff":
        character = chr(ord(character) - 0xF000)
    return _UNKNOWN if is_private and not character.isalnum() else character


def symbol_of(field: re.Match[str]) -> str:
    """Return the symbol that a field of this code shows."""
    number = int(field[1], 0) if field[1][:2].lower() == "0x" else int(field[1])
    return symbol(field[2] or "Symbol", f"{number:x}")
