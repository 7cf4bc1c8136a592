"""Tell the language of a text, its stop words, and the stems of its words."""

import threading
import unicodedata
from collections.abc import Container
from functools import lru_cache
from typing import Any, cast

import Stemmer

UNKNOWN = ""
READ_CHARACTERS = 600
"""So much of a text is looked at: more changes nothing."""

# The words that say how a sentence is built. They tell a language apart, and say nothing about a text's subject.
# They stand as they are after `folded`, without accents.
_FUNCTION_WORDS = {
    "en": """a about after all also am an and any are as at be because been before being below between both but by can
    could did do does during each for from further get gets give given had has have having he her here him his how i if
    in into is it its itself like may me might more most much must my no nor not of off on once only or other our out
    over own please same shall she should since so some such tell than that the their them then there these they this
    those through to too under until up upon us very was we were what when where whether which while who whom whose why
    will with within without would you your""",
    "de": """aber alle allem allen aller alles als also am an ander andere auch auf aus bei beim bin bis bist da dabei
    damit dann das dass dein dem den denn der des dessen die dies diese diesem diesen dieser dieses doch dort du durch
    ein eine einem einen einer eines er es etwas euch fur gegen hab habe haben hat hatte hatten hier hin ich ihm ihn
    ihnen ihr ihre im in ins ist jede jedem jeden jeder jedes kann kein keine konnen konnte machen man mein mich mir
    mit muss mussen nach nicht noch nur ob oder ohne sehr sein seine sich sie sind so soll sollen sollte sondern uber
    um und uns unter viel viele vom von vor wann war waren warum was weiter welche welchem welchen welcher welches wem
    wen wenn wer werde werden wessen wie wieder will wir wird wo wozu innerhalb binnen wurde wurden zu zum zur
    zwischen""",
    "fr": """a afin ai ainsi alors apres au aucun aussi autre aux avec avoir avait ca car ce ceci cela celle celui ces
    cet cette ceux chaque chez ci combien comme comment d dans de depuis des dois doit doivent donc dont du elle elles
    en entre es est et etaient etait etre eu faire fait faut il ils j je jusqu l la laquelle le lequel les lesquels leur
    leurs lors lui m ma mais me meme mes moi moins mon n ne ni nos notre nous on ont ou par parce pas pendant peut
    peuvent plus pour pourquoi qu quand que quel quelle quelles quels qui quoi s sa sans se sera ses si soit son sont
    sous sur ta te tes toi ton tous tout toute toutes tres tu un une vers vos votre vous y""",
    "es": """a al algo algun ante antes aquel aqui asi aunque cada como con contra cual cuales cuando cuanta cuantas
    cuanto cuantos de debe deben del desde donde dos durante e el ella ellas ellos en entre era eran es esa ese eso esta
    estan este esto estos fue fueron ha haber hace hacer han hasta hay la las le les lo los mas me mi mientras mucho muy
    nada ni no nos nosotros nuestra nuestro o os otra otro para pero poco por porque pueda puede pueden que quien
    quienes se sea ser si sido sin sobre solo son su sus tambien tanto te tiene tienen todo todos tras tu un una unas
    uno unos usted y ya yo""",
    "it": """a ad agli ai al alla alle allo anche ancora avere aveva c che chi ci cio come con contro cosa cui d da
    dagli
    dai dal dalla dalle dallo degli dei del dell della delle dello deve di dopo dove due e ed era erano essere fare fino
    fra fu gia gli ha hanno ho i il in io l la le lei li lo loro lui ma mi mia mio molto ne negli nei nel nella nelle
    nello no noi non nostro o ogni per perche piu poi possono prima puo qual quale quali quando quanta quante quanti
    quanto quel quella quello questa queste questi questo qui se sei senza si sia solo sono sopra sotto sta su sua sue
    sugli sui sul sulla sulle suo suoi tra tu tutti tutto un una uno vi voi""",
    "pt": """a ao aos aquela aquele ate cada com como da das de dele depois desde deve do dos durante e ela elas ele
    eles
    em entre era eram essa esse esta estao estas este estes eu foi foram ha isso isto ja la lhe mais mas me mesmo meu
    minha muito na nao nas nem no nos nossa nosso num numa o onde os ou para pela pelas pelo pelos pode podem por porque
    qual quais quando quanta quantas quanto quantos que quem sao se seja sem ser seu seus so sobre sua suas tambem te
    tem ter todo todos tu tudo um uma umas uns voce""",
    "nl": """aan al alle als altijd andere bij dan dat de der deze die dit doen door dus een en er ge geen geweest haar
    had heb hebben heeft hem het hij hoe hoeveel hun iets ik in is ja je kan kunnen maar meer men met mij mijn moet
    moeten na naar niet niets nog nu of om omdat onder ons ook op over reeds te tegen toch toen tot u uit uw van veel
    voor waar waarom wanneer want waren was wat welk welke werd wezen wie wil worden wordt zal ze zelf zich zij zijn zo
    zonder zou""",
    "sv": """alla allt an att av blev bli blir da dar de dem den denna deras dess det detta dig din du efter ej eller en
    er ett for fran ha hade han har hans henne hon honom hur i icke inte ja jag kan kunde man med mellan men mig min
    mycket nar nagon nagot ni nu och om oss pa sa sin sitt ska skulle som till under upp ut utan vad var varfor vara vem
    vi vid vilken vilket vilka ar""",
    "da": """af alle anden at blev blive bliver da de dem den denne der deres det dette dig din disse dog du efter eller
    en end er et for fra ham han hans har havde hendes her hos hun hvad hvem hvilke hvilken hvilket hvis hvor hvordan
    hvorfor hvornar i ikke ind jeg jer kan kunne man mange med meget men mig min mod naar ned nogle noget nu og ogsa om
    op os over pa selv sig sin skal skulle som sadan til ud under var vi vil ville vor vaere""",
    "no": """alle at av bare begge ble bli blir da de deg dem den denne der dere deres det dette din disse du eller en
    enn er et etter for fra ha hadde han hans har henne her hun hva hvem hver hvilke hvilken hvilket hvis hvor hvordan
    hvorfor i ikke inn ja jeg kan kunne man mange med meg mellom men mine mot mye ned noe noen nar og ogsa om opp oss
    over pa sa seg selv sin skal skulle som til ut uten var vi vil ville vart vaere""",
    "fi": """ei eika ei ele en enta eri etta han he hyvin ja jo joka jokainen jos joten jotka kanssa keta kuin kuinka
    kuka kun kuten me mika mika miksi mikali milloin mina missa mita molemmat monta mutta myos ne niin noin nyt ole
    oli olla olet on ovat pitaa saa se sen sina siita silla tai tama tasta tata te tuo vaan vai vaikka voi voidaan
    voivat yli""",
    "pl": """a aby ale albo bez bo byc byl byla bylo byly ci co czy dla do gdy gdzie go i ich ile im ja jak jaka jakie
    jaki je jego jej jest jeszcze juz kiedy kto ktora ktore ktory ktorych ma mi mnie moze mozna musi na nad nie niz o od
    oraz po pod podczas przed przez przy sa sie tak takze tam te tego tej ten to tu ty tym w we wiec wszystkie z za ze
    zostal""",
    "cs": """a aby ale ani asi az bez bude by byl byla bylo byt co coz do ho i ja jak jaka jake jaky je jeho jej jeji
    jen
    jeste ji jsem jsou k kde kdo kdy ke kolik ktera ktere ktery kvuli ma mezi mi muze na nad ne nebo neni nez o od po
    pod podle pokud pro proc proto protoze pred pri s se si ta tak take tato te ten tento to tohoto tom tu u uz v ve
    vsak vsechny vy z za ze""",
    "tr": """ama ancak bana bazi ben bir biri bu buna bunu cok cunku da daha de degil diye en eger gibi hem hangi her
    hic icin ile ise iste kac kadar ki kim mi mu nasil ne neden nerede nedir niye o olan olarak oldu olduğu olur
    once onlar onun sadece sen siz sonra su tum uzere var ve veya ya yani yok zaman""",
    "hu": """a abban ahhoz ahogy akkor aki ami amely az azok azt be csak de e egy egyes el en es ez ezek ezt fel ha hany
    hanem hogy hogyan hol is itt jo kell ki kik le lehet lenne lesz lett ma mar meg mely melyik meg mennyi mert mi miert
    mikor mint mit mivel nagyon nem nincs o ok ott s sem szerint tehat vagy van vannak volt voltak""",
    "ro": """a acea aceasta aceste acest ai al ale am ar are as asta au ca care cat cate cati ce cea cei cel cele cine
    cu cum cand da dar de deci din dintre dupa ea ei el este eu fi fie fost il in insa intr intre isi la le lui mai ma
    mult nu o or ori pana pe pentru peste poate prin sa sau se si sub sunt sunt te toate tot un una unde unei unor unui
    va""",
    "id": """ada adalah agar akan anda apa apakah atau bagaimana bahwa berapa bagi bisa dalam dan dapat dari dengan di
    dia harus hingga ia ini itu jika juga kami kapan karena ke kepada kita lebih mana mengapa mereka oleh pada para saat
    saja sampai saya sebagai sebuah secara sedang sejak semua seperti serta siapa sudah telah tentang terhadap tidak
    untuk yang""",
    "ru": """а без более бы был была были было быть в вам вас ваш весь во вот все всех вы где да для до его ее если есть
    еще же за здесь и из или им их к как какая какие какои каков какова какое ко когда которая которое которыи кто куда
    ли либо между меня мне мои мы на над надо нам нас наш не него нее нет ни них но о об однако он она они оно от очень
    по под после почему при про с сам свои себя сколько со так также такои там то того тоже тои только том ты у уже чем
    через что чтобы чье эта эти это этого этои этом этот я""",
    "uk": """або але без б був була були було бути в вам вас ваш весь вона вони воно все всіх вже від він де до для є
    з за
    зі і із й його її їх коли кого котрии кому ми мені на над нам нас не ні під по після при про та так також там те
    тільки то тои у хто це цеи ця чи чому що щоб як яка яке яки якии я""",
    "el": """αλλα αν απο αυτα αυτη αυτο αυτος για δε δεν εαν ειμαι ειναι εχει εχουν η ηταν θα ι κ και κατα κι μας με
    μετα
    μεχρι μη μην μια μου να ο οι ομως οποια οποιο οποιος οπως οσο οταν οτι ου ποια ποιο ποιοι ποιος ποσα ποση ποσο ποσοι
    ποσος ποτε που προς πως σας σε στα στη στην στις στο στον στους τα την της τι τις το τον του τους των ως""",
    "ar": """اذا اكثر الا التي الذي الذين الى ام ان انا انت او اي اين ايضا بعد بل بين تحت تكون تلك ثم حتى حول حيث
    خلال دون
    ذلك على عليه عن عند عندما غير فقط في فيه فيها قبل قد كان كانت كل كم كما كيف لا لان لدى لكن لم لماذا لن له لها ما
    ماذا
    متى مع من منذ منه منها نحن هذا هذه هل هم هنا هناك هو هي و يتم يكون""",
    "hi": """अपना अपनी अपने अब आप इन इस इसका इसकी इसके इसे उन उस उसका उसकी उसके एक और कब करता करते करना करने कहाँ
    कहां का
    कि कितना कितनी कितने किस किसने किसी की कुछ के कैसे को कोई कौन कौनसा क्या क्यों गई गए गया जब जहाँ जा जाता जाती
    जाते जाना जो
    तक तथा तो था थी थे दिया द्वारा न नहीं ने पर बहुत बाद भी में मैं यदि यह या ये रहा रही रहे लिए वह वाला वाली वाले वे
    सब सभी
    साथ से हम हर ही हुआ हुई हुए है हैं हो होता होती होते होना""",
}
_STOP_WORDS = {language: frozenset(words.split()) for language, words in _FUNCTION_WORDS.items()}
_LATIN = ("en", "de", "fr", "es", "it", "pt", "nl", "sv", "da", "no", "fi", "pl", "cs", "tr", "hu", "ro", "id")
_CYRILLIC = ("ru", "uk")
_STEMMERS = {
    "en": "english",
    "de": "german",
    "fr": "french",
    "es": "spanish",
    "it": "italian",
    "pt": "portuguese",
    "nl": "dutch",
    "sv": "swedish",
    "da": "danish",
    "no": "norwegian",
    "fi": "finnish",
    "pl": "polish",
    "cs": "czech",
    "tr": "turkish",
    "hu": "hungarian",
    "ro": "romanian",
    "id": "indonesian",
    "ru": "russian",
    "el": "greek",
    "ar": "arabic",
    "hi": "hindi",
    "ta": "tamil",
    "hy": "armenian",
}
"""Languages, and what Snowball calls them."""
_OF_SCRIPT = {"GREEK": "el", "ARABIC": "ar", "DEVANAGARI": "hi", "TAMIL": "ta", "ARMENIAN": "hy"}
_OWN_LETTERS = {"ß": "de", "¿": "es", "ñ": "es", "õ": "pt", "ø": "da", "ł": "pl", "ř": "cs", "ğ": "tr", "ő": "hu"}
OWN_LETTER = 0.5
"""A letter that hardly any other language has counts half a function word, once."""

_local = threading.local()


def detect(words: list[str], text: str = "", among: Container[str] = ()) -> str:
    """Return the language that folded words are of, by its code (ISO 639-1); UNKNOWN where nothing tells.

    Of two that fit equally well, as English and German do "was", one of those `among`; else the one that `_LATIN`
    names first. `text` is what they were taken from.
    """
    scores: dict[str, float] = {}
    for word in words:
        languages = _LANGUAGES_OF.get(word, ())
        for language in languages:
            scores[language] = scores.get(language, 0.0) + 1 / len(languages)
    for letter in set(text) & _OWN_LETTERS.keys():
        language = _OWN_LETTERS[letter]
        scores[language] = scores.get(language, 0.0) + OWN_LETTER
    if scores:
        most = max(scores.values())
        best = [language for language in _STOP_WORDS if scores.get(language) == most]
        return next((language for language in best if language in among), best[0])
    word = next((word for word in words if not word.isascii()), "")
    script = _script(word)
    return "ru" if script == "CYRILLIC" else _OF_SCRIPT.get(script, UNKNOWN)


def is_stop_word(word: str, language: str) -> bool:
    """Tell whether a folded word says how a sentence is built, not what it is about."""
    return word in _STOP_WORDS.get(language, _STOP_WORDS["en"])


def stems(word: str, language: str) -> tuple[str, ...]:
    """Return what a folded word is searched by: its stem, and that of the word written without accents."""
    return _stems(word, language_of_word(word, language))


def language_of_word(word: str, language: str) -> str:
    """Return the language that a word in a text of this language is stemmed by: a foreign script has its own."""
    if word.isascii():
        return language if language in _LATIN else "en"
    script = _script(word)
    if script == "LATIN":
        return language if language in _LATIN else "en"
    if script == "CYRILLIC":
        return language if language in _CYRILLIC else "ru"
    return _OF_SCRIPT.get(script, UNKNOWN)


@lru_cache(maxsize=50_000)
def _stems(word: str, language: str) -> tuple[str, ...]:
    plain = without_accents(word)
    if language not in _STEMMERS:
        return (plain,)
    stemmer = _stemmer(_STEMMERS[language])
    stem = without_accents(str(stemmer.stemWord(word))) or plain
    other = stem if plain == word else str(stemmer.stemWord(plain)) or plain
    return (stem,) if stem == other else (stem, other)


def _stemmer(name: str) -> Any:  # its package has no types
    """Return this thread's own stemmer: one may not serve two threads at once."""
    found: dict[str, Any] = _local.__dict__
    if name not in found:
        found[name] = cast(Any, Stemmer).Stemmer(name, 0)  # the cache is ours
    return found[name]


_BARE = str.maketrans({"ø": "o", "æ": "ae", "œ": "oe", "ł": "l", "đ": "d", "ı": "i", "ð": "d", "þ": "th", "ـ": None})


@lru_cache(maxsize=50_000)
def without_accents(word: str) -> str:
    """Return a folded word without the marks on its letters; those that are vowels, as in Hindi, stay."""
    if word.isascii():
        return word
    parts = unicodedata.normalize("NFD", word.translate(_BARE))
    kept = "".join(one for one in parts if not _is_accent(one))
    return unicodedata.normalize("NFC", kept)


def _is_accent(letter: str) -> bool:
    return (
        "\u0300" <= letter <= "\u036f"
        or "\u0591" <= letter <= "\u05c7"
        or "\u064b" <= letter <= "\u065f"
        or letter == "\u0670"
    )


@lru_cache(maxsize=4_096)
def _script_of(letter: str) -> str:
    return unicodedata.name(letter, "").partition(" ")[0]


def _script(word: str) -> str:
    return _script_of(word[0]) if word else ""


def _by_word() -> dict[str, tuple[str, ...]]:
    found: dict[str, list[str]] = {}
    for language, words in _STOP_WORDS.items():
        for word in words:
            found.setdefault(word, []).append(language)
    return {word: tuple(languages) for word, languages in found.items()}


_LANGUAGES_OF = _by_word()
