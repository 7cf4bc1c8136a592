"""Write the numbers of lists as they are shown: in letters, Roman, circled, in the numerals of many scripts."""

_ROMAN = ((1000, "M"), (900, "CM"), (500, "D"), (400, "CD"), (100, "C"), (90, "XC"), (50, "L"), (40, "XL"))
_SMALL_ROMAN = ((10, "X"), (9, "IX"), (5, "V"), (4, "IV"), (1, "I"))
MOST_REPEATED = 30
"""Letters are repeated so often behind the alphabet's end; then Word has none."""
_KATAKANA = "アイウエオカキクケコサシスセソタチツテトナニヌネノハヒフヘホマミムメモヤユヨラリルレロワヲン"
_IROHA = "イロハニホヘトチリヌルヲワカヨタレソツネナラムウヰノオクヤマケフコエテアサキユメミシヱヒモセスン"
_HEBREW = "אבגדהוזחטיכלמנסעפצקרשת"
_LATIN = "abcdefghijklmnopqrstuvwxyz"
_RUSSIAN = "абвгдежзиклмнопрстуфхцчшщыэюя"
_GREEK = "αβγδεζηθικλμνξοπρστυφχψω"

_LETTERS = {
    "lowerLetter": _LATIN,
    "upperLetter": _LATIN.upper(),
    "russianLower": _RUSSIAN,
    "russianUpper": _RUSSIAN.upper(),
    "arabicAlpha": "أبتثجحخدذرزسشصضطظعغفقكلمنهوي",
    "arabicAbjad": "أبجدهوزحطيكلمنسعفصقرشتثخذضظغ",
    "hebrew2": _HEBREW,
    "thaiLetters": "กขคงจฉชซฌญฎฏฐฑฒณดตถทธนบปผฝพฟภมยรลวศษสหฬอฮ",
    "chicago": "*†‡§",
}
"""After the last one come two of the first one, as Word counts."""
_BY_PLACE = {"lower-alpha": _LATIN, "upper-alpha": _LATIN.upper(), "lower-greek": _GREEK}
"""After the last one come the first one and each of them, as browsers count."""
_SIGNS = {
    "aiueo": _KATAKANA,
    "aiueoFullWidth": _KATAKANA,
    "iroha": _IROHA,
    "irohaFullWidth": _IROHA,
    "hiragana": "".join(chr(ord(one) - 0x60) for one in _KATAKANA),
    "ganada": "가나다라마바사아자차카타파하",
    "chosung": "ㄱㄴㄷㄹㅁㅂㅅㅇㅈㅊㅋㅌㅍㅎ",
    "ideographTraditional": "甲乙丙丁戊己庚辛壬癸",
    "ideographZodiac": "子丑寅卯辰巳午未申酉戌亥",
    "ideographEnclosedCircle": "㊀㊁㊂㊃㊄㊅㊆㊇㊈㊉",
    "decimalEnclosedCircle": "①②③④⑤⑥⑦⑧⑨⑩⑪⑫⑬⑭⑮⑯⑰⑱⑲⑳",
    "decimalEnclosedCircleChinese": "①②③④⑤⑥⑦⑧⑨⑩",
    "decimalEnclosedParen": "⑴⑵⑶⑷⑸⑹⑺⑻⑼⑽⑾⑿⒀⒁⒂⒃⒄⒅⒆⒇",
    "decimalEnclosedFullstop": "⒈⒉⒊⒋⒌⒍⒎⒏⒐⒑⒒⒓⒔⒕⒖⒗⒘⒙⒚⒛",
}
"""What comes after the last one is written in digits."""
_DIGITS = {
    "decimalFullWidth": "０１２３４５６７８９",
    "decimalFullWidth2": "０１２３４５６７８９",
    "hindiNumbers": "०१२३४५६७८९",
    "thaiNumbers": "๐๑๒๓๔๕๖๗๘๙",
    "arabic-indic": "٠١٢٣٤٥٦٧٨٩",
    "persian": "۰۱۲۳۴۵۶۷۸۹",
    "bengali": "০১২৩৪৫৬৭৮৯",
    "ideographDigital": "〇一二三四五六七八九",
    "japaneseDigitalTenThousand": "〇一二三四五六七八九",
    "taiwaneseDigital": "○一二三四五六七八九",
    "koreanDigital": "영일이삼사오육칠팔구",
    "koreanDigital2": "零一二三四五六七八九",
}
_COUNTED = {
    "chineseCounting": "一二三四五六七八九十",
    "chineseCountingThousand": "一二三四五六七八九十",
    "japaneseCounting": "一二三四五六七八九十",
    "taiwaneseCounting": "一二三四五六七八九十",
    "taiwaneseCountingThousand": "一二三四五六七八九十",
    "koreanCounting": "일이삼사오육칠팔구십",
    "chineseLegalSimplified": "壹贰叁肆伍陆柒捌玖拾",
    "ideographLegalTraditional": "壹貳參肆伍陸柒捌玖拾",
    "japaneseLegal": "壱弐参四伍六七八九拾",
}
"""Signs from one to ten, of which numbers below a hundred are made."""
_SAYS_ONE_TEN = frozenset(("chineseLegalSimplified", "ideographLegalTraditional", "japaneseLegal"))


def formatted(number: int, form: str) -> str:
    """Return a number in one of Word's forms, or of browsers' that Word has not; in digits where the form ends."""
    if form in ("decimal", "none") or number < 1:
        return "" if form == "none" else f"{number:02}" if form == "decimalZero" else str(number)
    if (letters := _LETTERS.get(form)) and number <= len(letters) * MOST_REPEATED:
        return letters[(number - 1) % len(letters)] * ((number - 1) // len(letters) + 1)
    if (letters := _BY_PLACE.get(form)) is not None:
        return _by_place(number, letters)
    if number <= len(signs := _SIGNS.get(form, "")):
        return signs[number - 1]
    if (digits := _DIGITS.get(form)) is not None:
        return "".join(digits[int(one)] for one in str(number))
    if number < 100 and (signs := _COUNTED.get(form, "")):
        tens, ones = divmod(number, 10)
        ten = (signs[tens - 1] if tens > 1 or form in _SAYS_ONE_TEN else "") + signs[9] if tens else ""
        return ten + (signs[ones - 1] if ones else "")
    match form:
        case "lowerRoman" | "upperRoman" if number < 5000:
            roman = _roman(number)
            return roman.lower() if form == "lowerRoman" else roman
        case "hebrew1" if number < 500:
            return _hebrew(number)
        case "decimalZero":
            return f"{number:02}"
        case "numberInDash":
            return f"- {number} -"
        case "hex":
            return f"{number:X}"
        case _:
            return str(number)


def _roman(number: int) -> str:
    roman = ""
    for value, sign in (*_ROMAN, *_SMALL_ROMAN):
        roman += sign * (number // value)
        number %= value
    return roman


def _by_place(number: int, letters: str) -> str:
    written = ""
    while number:
        number, place = divmod(number - 1, len(letters))
        written = letters[place] + written
    return written


def _hebrew(number: int) -> str:
    """Return a Hebrew numeral: 15 and 16 are 9 and 6 or 7, so that they spell no name of God."""
    hundreds, rest = divmod(number, 100)
    written = _HEBREW[17 + hundreds] if hundreds else ""
    if rest in (15, 16):
        return written + "ט" + _HEBREW[rest - 10]
    tens, ones = divmod(rest, 10)
    return written + (_HEBREW[8 + tens] if tens else "") + (_HEBREW[ones - 1] if ones else "")
