"""Whether a process has ended, by the name that it gave itself."""

import subprocess
import sys

import pytest

from hubbub.connections.alive import has_ended, this_process

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells")

NAMES_ITSELF = "from hubbub.connections.alive import this_process; print(this_process(), flush=True); input()"


def test_who_lives_has_not_ended() -> None:
    assert this_process() is not None
    assert not has_ended(this_process())


def test_who_ended_has_ended_once_its_parent_has_heard_of_it() -> None:
    with subprocess.Popen(
        [sys.executable, "-c", NAMES_ITSELF], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as child:
        assert child.stdout is not None
        name = child.stdout.readline().strip()
        assert name != this_process()
        assert not has_ended(name)
        child.kill()
    assert has_ended(name)


@pytest.mark.parametrize("form", ["", "/", "a/b/1", "{}/", "{}x", "{}000000000", "{}/1"])
def test_of_what_is_no_name_nothing_is_known(form: str) -> None:
    assert not has_ended(form.format(this_process()))
    assert not has_ended(None)


def test_of_who_is_elsewhere_by_the_same_number_nothing_is_known() -> None:
    boot, space, _ = (this_process() or "").split("/")
    unused = 2**22 + 1  # Linux has no ids above
    assert has_ended(f"{boot}/{space}/{unused}")
    assert not has_ended(f"{boot}/{int(space) + 1}/{unused}")
    assert not has_ended(f"another/{space}/{unused}")
