"""Measure processor time where other tests have left much in this process."""

import gc


def put_others_garbage_aside() -> None:
    """Let no collection look through what is there by now: that alone can take a second.

    It stays aside: what the collected tests consist of, too, which all later collections would look through again.
    """
    gc.collect()
    gc.freeze()
