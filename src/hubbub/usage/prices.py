"""Count money in whole units, so that sums are exact."""

from collections.abc import Mapping
from decimal import ROUND_HALF_UP, Decimal

import msgspec

UNITS = 10**10
"""Of one euro, dollar or whatever prices are in: a price per million tokens with four decimals is whole a token."""
PER_MILLION = UNITS // 10**6


class Price(msgspec.Struct, frozen=True):
    """What a token costs, in units."""

    input: int = 0
    cached_input: int = 0
    output: int = 0

    def of(self, input_tokens: int, cached_tokens: int, output_tokens: int) -> int:
        """Return what so many tokens cost; those of reasoning are part of the output."""
        fresh = input_tokens - cached_tokens
        return fresh * self.input + cached_tokens * self.cached_input + output_tokens * self.output


FREE = Price()
Prices = Mapping[str, Price]
"""By the model's name."""


def units_of(amount: Decimal) -> int:
    """Return an amount in units; what is less than one is rounded."""
    return int((amount * UNITS).to_integral_value(ROUND_HALF_UP))


def price_of(input: Decimal, cached_input: Decimal | None, output: Decimal) -> Price:  # noqa: A002 (the field's word)
    """Return what a token costs, from prices per million."""
    cached = input if cached_input is None else cached_input
    return Price(*(int((one * PER_MILLION).to_integral_value(ROUND_HALF_UP)) for one in (input, cached, output)))


def as_text(units: int) -> str:
    """Return an amount as a number with at least two decimals, and no more than it needs."""
    whole, rest = divmod(abs(units), UNITS)
    decimals = f"{rest:010d}".rstrip("0").ljust(2, "0")
    return f"{'-' if units < 0 else ''}{whole}.{decimals}"


def to_the_cent(units: int) -> str:
    """Return an amount with two decimals, half a cent rounded up."""
    return f"{(Decimal(units) / UNITS).quantize(Decimal('0.01'), ROUND_HALF_UP):,}"
