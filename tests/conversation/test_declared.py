"""Forms and records in plain text: a line names the thing by its code, and other lines say what it is like."""

import pytest

from hubbub.conversation.quoted import quoted
from hubbub.conversation.quoting import choose
from hubbub.core.documents import Hit


def hit(name: str, text: str, heading: str = "") -> Hit:
    return Hit(name, name, "c1", name, "", text, None, heading, 1.0)


def bill(number: str, customer: str, due: str, total: str) -> Hit:
    return hit(
        f"{customer}.txt",
        f"Ropewalk Ltd\n3 Quay Street, Oban\n\nINVOICE\nInvoice no.: {number}\nCustomer: {customer}\nDue: {due}\n\n"
        f"Mooring, 2 nights\n\nTotal: {total} GBP\n\nReplaces: 2022-900",
    )


BILLS = [
    bill("2023-118", "Brown Bakery", "28 March 2023", "301.50"),
    bill("2023-121", "Green Grocer", "16 April 2023", "120.00"),
]
TICKETS = [
    hit(
        "tickets.txt",
        "Ticket: T-5501\nReporter: Dana\nStatus: closed\nThe roller was replaced.\n\n"
        "Ticket: T-5502\nReporter: Eli\nStatus: open\n\nA new lamp is on order.\n\n"
        "Ticket: T-5503\nReporter: Fay\nStatus: waiting\nSee also T-5501.",
    )
]
ORDERS = [
    hit(
        "orders.txt",
        "Order A-1001\nItem: blue kettle\nPrice: 39 EUR\n\nOrder A-1002\nItem: toaster\nPrice: 55 EUR\n\nEnd",
    )
]

APART = [hit("a.docx", "Invoice no.: 2023-121\n\nCustomer: Green Grocer\n\nClerk: Jo\n\nThank you!", "Invoice")]
PUMP = [hit("pump.md", "The seal is\nreplaced every 500 hours.", "Pump P-200")]
CARD = [hit("card.md", "Name: Bob Ray\n\nPhone: 555 0102\n\nOffice: yes")]


@pytest.mark.parametrize(
    ("question", "hits", "code", "answer"),
    [
        ("What is the total of invoice 2023-118?", BILLS, "2023-118", "Total: 301.50 GBP"),
        ("What is the total of invoice 2023-121?", BILLS, "2023-121", "Total: 120.00 GBP"),
        ("When is invoice 2023-121 due?", BILLS, "2023-121", "Due: 16 April 2023"),
        ("Who is the customer of invoice 2023-118?", BILLS, "2023-118", "Customer: Brown Bakery"),
        ("What is the status of T-5501?", TICKETS, "T-5501", "Status: closed"),
        ("Who is the reporter of T-5502?", TICKETS, "T-5502", "Reporter: Eli"),
        ("What is on order for T-5502?", TICKETS, "T-5502", "A new lamp is on order."),
        ("What is the price of order A-1002?", ORDERS, "A-1002", "Price: 55 EUR"),
        ("Who is the customer of invoice 2023-121?", APART, "2023-121", "Customer: Green Grocer"),
        ("Which item is in order A-1001?", ORDERS, "A-1001", "Item: blue kettle"),
    ],
)
def test_a_line_is_quoted_with_the_one_that_names_its_record(
    question: str, hits: list[Hit], code: str, answer: str
) -> None:
    first, *_ = choose(question, hits)
    assert code in first.text and answer in first.text and first.is_sure


@pytest.mark.parametrize(
    ("question", "hits"),
    [
        ("What is the total of invoice 2023-125?", BILLS),
        ("What is the status of T-5509?", TICKETS),
        ("What is the price of order A-1009?", ORDERS),
    ],
)
def test_of_another_code_nothing_is_quoted(question: str, hits: list[Hit]) -> None:
    assert choose(question, hits) == []


@pytest.mark.parametrize(
    ("question", "hits"),
    [
        ("Who is the landlord of invoice 2023-118?", BILLS),
        ("When was order A-1002 shipped?", ORDERS),
        ("What is Bob Ray's role?", CARD),
        ("What is the total of invoice 2022-900?", BILLS),  # which another one replaces
        (
            "How long is the warranty of the P-200?",
            [hit("pump.md", "The seal is replaced every 500 hours.", "Pump P-200")],
        ),
    ],
)
def test_what_is_asked_of_a_thing_has_to_be_said_of_it(question: str, hits: list[Hit]) -> None:
    assert not any(quote.is_sure for quote in choose(question, hits))


def test_whatever_stands_below_a_heading_answers_what_is_said_of_it() -> None:
    guests = [hit("house.md", "Visits are possible from 10 to 22 o'clock.", "Guests")]
    assert choose("What are the rules for guests?", guests)[0].is_sure


def test_a_heading_names_what_stands_below_it() -> None:
    plans = [
        hit("plans.md#1", "The Home plan costs 29 euros a month. The notice period is one month.", "Plans › Home"),
        hit("plans.md#2", "The Shop plan costs 45 euros a month. The notice period is six months.", "Plans › Shop"),
    ]
    assert "six months" in choose("What is the notice period of Shop?", plans)[0].text


@pytest.mark.parametrize("text", ["See also T-5501.", "Siehe auch T-5501", "(voir aussi T-5501)", "см. также T-5501."])
def test_a_reference_is_no_answer(text: str) -> None:
    assert choose("What is the status of T-5501?", [hit("a.txt", f"The door does not lock.\n\n{text}")]) == []


def test_the_lines_of_a_form_stay_lines() -> None:
    first, *_ = choose("What is the price of order A-1002?", ORDERS)
    assert quoted(first, 1) == "> Order A-1002\\\n> Item: toaster\\\n> Price: 55 EUR [1]\n\n"
    assert "\n" not in quoted(choose("How often is the seal of the P-200 replaced?", PUMP)[0], 1).strip()
