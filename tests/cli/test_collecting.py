"""When Python's garbage collector is at work."""

import gc

import pytest

from hubbub.cli.collecting import collecting_at_rest


@pytest.mark.parametrize("was_on", [False, True])
@pytest.mark.parametrize("was_left_out", [False, True])
async def test_while_it_serves_there_is_a_collector_and_what_was_imported_is_left_out(
    *, was_on: bool, was_left_out: bool
) -> None:
    before = gc.get_threshold()
    if was_left_out:
        gc.freeze()
    else:
        gc.unfreeze()
    if not was_on:
        gc.disable()
    try:
        async with collecting_at_rest(lambda: 0):
            assert gc.isenabled()
            assert gc.get_freeze_count() > 10_000
            assert gc.get_threshold()[0] > before[0]
        assert gc.get_threshold() == before
        assert (gc.get_freeze_count() > 0) == was_left_out
    finally:
        gc.enable()
        gc.freeze()  # as the tests' start leaves it: what they are made of is not looked through again and again
