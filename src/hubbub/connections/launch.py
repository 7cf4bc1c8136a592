"""Become another program that dies when its parent does (Linux). Run by path: `launch.py <parent's pid> program …`."""

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1  # linux/prctl.h; it survives exec


def launch(parent: int, program: list[str]) -> None:
    """Replace this process by the program; end at once if the parent has gone already."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() == parent:
        os.execvp(program[0], program)  # noqa: S606 # no shell is wanted; the program comes from the parent


if __name__ == "__main__":
    launch(int(sys.argv[1]), sys.argv[2:])
