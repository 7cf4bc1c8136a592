"""Mails are read as mail programs show them, also where other programs on their way have harmed them."""

import base64

import pytest

from tests.ingest.test_variants import load, mail, shown

TEXT = "Grüße aus Köln, alles gut."
PACKED = base64.b64encode(TEXT.encode()).decode()


def of_base64(packed: str) -> str:
    return f"From: a\nContent-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: base64\n\n{packed}"


INNER = base64.b64encode(b"From: b\nSubject: inner\n\none line").decode()
WHEN = "Mon Jan  1 00:00:00 2024"
SAME = "and all of the many other words are the same in both of the forms that this mail has"


@pytest.mark.parametrize(
    ("name", "data", "expected"),
    [
        ("cut off.eml", of_base64(PACKED[:-3]), f"From: a {TEXT[:-2]}"),
        ("a list.eml", of_base64(f"{PACKED}\n\n____\nThe list\n"), f"From: a {TEXT} ____ The list"),
        (
            "a list, unpadded.eml",
            of_base64(f"{base64.b64encode(b'Hello you').decode()}\n-- \nThe list\n"),
            "From: a Hello you -- The list",
        ),
        (
            "packed mail.eml",
            mail(f"Content-Type: message/rfc822\nContent-Transfer-Encoding: base64\n\n{INNER}"),
            "From: a Attachment: forwarded.eml From: b Subject: inner one line",
        ),
        (
            "signed.eml",
            mail(
                "Content-Type: text/plain\n\none line",
                "Content-Type: application/pkcs7-signature; name=smime.p7s\n\nMIIB",
                kind="multipart/signed",
            ),
            "From: a one line",
        ),
        (
            "page.mht",
            mail("Content-Type: text/html\n\n<p>one line", "Content-Type: text/css\n\n.a{}", kind="multipart/related"),
            "From: a one line",
        ),
        (
            "amounts.eml",
            mail(
                f"Content-Type: text/plain\n\nIt is 10 {SAME}",
                f"Content-Type: text/html\n\n<p>It is 12 {SAME}",
                kind="multipart/alternative",
            ),
            f"From: a It is 12 {SAME}",
        ),
        (
            "sentences.mbox",
            f"From a@x {WHEN}\nSubject: one\n\nAs said:\nFrom January 2024 on we pay 5.\n\nFrom July 2024 on: 6.\n\n"
            f"From b@x {WHEN}\nSubject: two\n\nTwo.\nFrom c@x {WHEN}\nSubject: three\n\nThree.\n",
            "one Subject: one As said: From January 2024 on we pay 5. From July 2024 on: 6. two Subject: two Two. "
            "three Subject: three Three.",
        ),
    ],
    ids=lambda value: value if value.endswith((".eml", ".mbox", ".mht")) else "",
)  # fmt: skip
def test_a_mail_is_read_as_it_is_shown(name: str, data: str, expected: str) -> None:
    loaded = load(name, data)
    assert (shown(loaded), loaded.omitted) == (expected, ())
