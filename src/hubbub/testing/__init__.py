"""Contract suites for back ends: what each kind promises, as tests that pytest runs against yours.

Inherit a suite in a class of your own and give the fixture that it names; docs/how-to/own-back-ends.md shows it.
Needs the extra hubbub[testing]. Nothing else of the package imports this.
"""

from pkgutil import iter_modules

import pytest

pytest.register_assert_rewrite(*(f"{__name__}.{suite.name}" for suite in iter_modules(__path__)))
