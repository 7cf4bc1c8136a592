"""People, groups, collections, documents, assistants, prompts, models, rights that change in any order: nothing leaks.

The whole application on SQLite is asked as its clients ask it. Each thing holds a word of its own, and the model says
again which of these words it is told: where one comes out to somebody who may not use that thing, something has
leaked. More steps than the few hundred of the suite:
`RIGHTS_STEPS=10000 .venv/bin/python -m pytest tests/web/test_rights_stateful.py -q -s`.
"""

import os
import time

import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.web.rights_assistants import AssistantRights
from tests.web.rights_collections import Rights
from tests.web.rights_people import People, Served
from tests.web.rights_shared import SharedRights

STEPS = int(os.environ.get("RIGHTS_STEPS", "300"))
STEPS_OF_ONE = 50
MACHINES = {"collections": Rights, "prompts and models": SharedRights, "assistants": AssistantRights}


@pytest.mark.parametrize("machine", MACHINES.values(), ids=MACHINES)
def test_nothing_leaks_whatever_changes(machine: type[People]) -> None:
    machine.served, machine.steps, machine.checks = Served(), 0, 0
    began = time.monotonic()
    try:
        wanted = settings(
            max_examples=max(1, STEPS // STEPS_OF_ONE + 2),
            stateful_step_count=STEPS_OF_ONE,
            derandomize=STEPS <= 300,
            suppress_health_check=list(HealthCheck),
            database=None,
        )
        while machine.steps < STEPS:
            run_state_machine_as_test(machine, settings=wanted)
    finally:
        machine.served.close()
    seconds = time.monotonic() - began
    print(f"{machine.steps} steps in {seconds:.0f} s; {machine.checks} texts looked through")  # noqa: T201
