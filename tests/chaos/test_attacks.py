"""Whatever got through once no longer does: the short form of `make attack`."""

import pytest

from bench.attack.base import Attack, Target, attacks


def _parameter(attack: Attack) -> object:
    return pytest.param(attack, id=attack.name, marks=[pytest.mark.quiet, pytest.mark.slow] if attack.is_quiet else [])


@pytest.mark.parametrize("attack", [_parameter(one) for one in attacks()])
async def test_it_holds(attack: Attack) -> None:
    if (missing := attack.needs()) is not None:
        pytest.skip(missing)
    seen = await attack.run(Target())
    assert seen.holds, f"{seen.words}; the bound is: {attack.bound}"
