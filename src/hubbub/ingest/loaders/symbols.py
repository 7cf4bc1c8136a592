"""Turn characters of symbol fonts into those that Unicode has for them."""

_GREEK = dict(
    zip(
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz",
        "ΑΒΧΔΕΦΓΗΙϑΚΛΜΝΟΠΘΡΣΤΥςΩΞΨΖαβχδεφγηιϕκλμνοπθρστυϖωξψζ",
        strict=True,
    )
)
_SYMBOL = _GREEK | {
    **{chr(code): sign for code, sign in zip(range(0xA1, 0xAF), "ϒ′≤⁄∞ƒ♣♦♥♠↔←↑→", strict=True)},
    **{chr(code): sign for code, sign in zip(range(0xAF, 0xBF), "↓°±″≥×∝∂•÷≠≡≈…⏐─", strict=True)},
    **{chr(code): sign for code, sign in zip(range(0xC0, 0xD0), "ℵℑℜ℘⊗⊕∅∩∪⊃⊇⊄⊂⊆∈∉", strict=True)},
    **{chr(code): sign for code, sign in zip(range(0xD0, 0xE0), "∠∇®©™∏√⋅¬∧∨⇔⇐⇑⇒⇓", strict=True)},
    "\xe5": "∑",
    "\xf2": "∫",
}
_WINGDINGS = {
    **{"\x6c": "●", "\x6e": "■", "\x6f": "□", "\x70": "□", "\x71": "□", "\x72": "□", "\xa7": "▪", "\xa8": "□"},
    **{"\xfb": "✗", "\xfc": "✓", "\xfd": "☒", "\xfe": "☑", "\x28": "☎", "\x2a": "✉", "\x4a": "☺", "\x4c": "☹"},
    **{"\xd8": "➢", "\xdf": "←", "\xe0": "→", "\xe1": "↑", "\xe2": "↓", "\xe8": "→", "\x76": "❖", "\x77": "◆"},
}
_FONTS = {"symbol": _SYMBOL, "wingdings": _WINGDINGS}


def symbol(font: str, code: str) -> str:
    """Return a symbol by its font and its hexadecimal code, "□" where it is not known."""
    try:
        number = int(code, 16)
        character = chr(number - 0xF000 if 0xF000 <= number <= 0xF0FF else number)
    except (ValueError, OverflowError):
        return ""
    signs = _FONTS.get(font.strip().lower())
    if signs is not None:
        return signs.get(character, character if character.isdigit() or character in " ().,+-=<>/%" else "□")
    is_private = 0xE000 <= number <= 0xF8FF
    return "□" if is_private and not character.isalnum() else character
