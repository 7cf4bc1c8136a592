"""Read the settings from file, variables and flags; every fault is named with its place and its mending."""

import logging
import os
import re
import tomllib
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, TypeAlias, cast

import msgspec
from pydantic import ValidationError
from pydantic_settings import EnvSettingsSource
from pydantic_settings import SettingsError as UnreadableVariable

from hubbub.core.errors import SettingsError
from hubbub.settings.faults import Keys, Spell, describe, locate, suggest
from hubbub.settings.tree import Settings

Tree: TypeAlias = Mapping[str, Any]

FILE_NAME = "hubbub.toml"
PREFIX = "HUBBUB_"
CONFIG_VARIABLE = "HUBBUB_CONFIG"
RENAMED: Mapping[str, str] = {"lanes": "admission"}
"""Tables that had another name once. They are still read by it, with a warning."""

logger = logging.getLogger(__name__)


class Layer(msgspec.Struct, frozen=True):
    """Some of the settings, and how to tell a person where they stand."""

    before: str
    """What stands before a setting's name: "hubbub.toml: "."""
    spell: Spell
    tree: Tree

    def has(self, path: Keys) -> bool:
        """Tell whether this layer says anything at a path."""
        node: Any = self.tree
        for name in path:
            if not isinstance(node, Mapping) or name not in node:
                return False
            node = cast(Tree, node)[name]
        return True


def load_settings(flags: Tree | None = None, *, config: Path | None = None, flags_are: str = "flag") -> Settings:
    """Return the settings: defaults, then the file, then HUBBUB_ variables, then flags; later ones win.

    The file is `config`, else what HUBBUB_CONFIG names, else hubbub.toml in the working directory if
    there is one. `flags` is a tree such as {"server": {"port": 9000}}; a None in it counts as not given.
    `flags_are` is what whoever gave them calls one.
    Reads files: call it before the event loop runs.

    Raises:
        SettingsError: one line a fault, all of them at once.
    """
    faults: list[str] = []
    file = _file_layer(config, faults)
    variables = _variables_layer(file.tree, faults)
    given = Layer(f"{flags_are} for ", ".".join, _renamed(_without_none(flags or {}), "", str))
    layers = (given, variables, file)
    merged: dict[str, Any] = {}
    for layer in reversed(layers):
        merged = _merge(merged, layer.tree)
    try:
        settings = Settings(**merged)
    except ValidationError as error:
        for problem in error.errors(include_url=False):
            path, _ = locate(problem)
            layer = _home(layers, path)
            faults.append(f"{layer.before}{layer.spell(path)}: {describe(problem, layer.spell)}")
        raise SettingsError(faults) from None  # the cause holds what was given: keys, too
    if faults:
        raise SettingsError(faults)
    return settings.coming_from(_sources_of(layers))


def _sources_of(layers: tuple[Layer, ...]) -> dict[Keys, str]:
    """Return for each setting that was given which layer it comes from: the highest one."""
    found: dict[Keys, str] = {}
    for layer in layers:
        for path in _paths(layer.tree, ()):
            is_file = layer.before.endswith(": ")
            found.setdefault(path, layer.before[:-2] if is_file else f"{layer.before}{layer.spell(path)}")
    return found


def _paths(tree: Tree, above: Keys) -> Iterator[Keys]:
    for name, value in tree.items():
        if isinstance(value, Mapping) and value:
            yield from _paths(cast(Tree, value), (*above, name))
        else:
            yield *above, name


def variable_of(path: Keys) -> str:
    """Return the name of the variable that sets what stands at a path."""
    return PREFIX + re.sub(r"[^A-Z0-9_]", "_", "__".join(path).upper())


def _file_layer(config: Path | None, faults: list[str]) -> Layer:
    named = config or (Path(os.environ[CONFIG_VARIABLE]) if os.environ.get(CONFIG_VARIABLE) else None)
    path = (named or Path(FILE_NAME)).expanduser()
    tree: Tree = {}
    try:
        tree = _renamed(tomllib.loads(path.read_text(encoding="utf-8")), f"{path}: ", "[{}]".format)
    except FileNotFoundError:
        if named is not None:
            faults.append(f"{path}: there is no such file; make it, or leave --config and {CONFIG_VARIABLE} out")
    except OSError as error:
        faults.append(f"{path}: can't be read ({error.strerror}); check the file and its permissions")
    except UnicodeDecodeError:
        faults.append(f"{path}: is not UTF-8; save it as UTF-8")
    except tomllib.TOMLDecodeError as error:
        faults.append(f"{path}: is not TOML; mend it where it says: {error}")
    return Layer(f"{path}: ", ".".join, tree)


def _variables_layer(file: Tree, faults: list[str]) -> Layer:
    try:
        source = EnvSettingsSource(Settings)
        source.env_vars = {
            _new_variable(name): value for name, value in sorted(source.env_vars.items(), key=_old_first)
        }
        tree = dict(source())
    except UnreadableVariable as error:
        field = re.search(r'field "(\w+)"', str(error))
        name = variable_of((field[1],)) if field else "a HUBBUB_ variable"
        faults.append(f"{name}: must be a table as JSON; or set {name}__<key> for one key of it")
        return Layer("", variable_of, {})
    layer = Layer("", variable_of, tree)
    for name in sorted(os.environ):
        if name.startswith(PREFIX) and name != CONFIG_VARIABLE:
            new = _new_variable(name.lower())
            path = tuple(new.removeprefix(PREFIX.lower()).split("__"))
            if new != name.lower():
                logger.warning("%s is called %s now. Rename it.", name, new.upper())
            if not layer.has(path):
                faults.append(f"{name}: {suggest(path, variable_of)}")
    return Layer("", variable_of, _with_names_of(file, tree))


def _renamed(tree: dict[str, Any], before: str, spell: Callable[[str], str]) -> dict[str, Any]:
    """Return a tree with the names that its tables have now; where both are given, the new one's keys win."""
    for old, new in RENAMED.items():
        if isinstance(given := tree.get(old), Mapping):
            logger.warning("%s%s is called %s now. Rename it.", before, spell(old), spell(new))
            rest = {name: table for name, table in tree.items() if name != old}
            tree = _merge({new: cast(Tree, given)}, rest)
    return tree


def _new_variable(name: str) -> str:
    """Return what a variable is called now; names are in lower case here."""
    table, *keys = name.removeprefix(PREFIX.lower()).split("__")
    is_ours = name.startswith(PREFIX.lower()) and table in RENAMED
    return "__".join((f"{PREFIX.lower()}{RENAMED[table]}", *keys)) if is_ours else name


def _old_first(variable: tuple[str, str | None]) -> bool:
    """Sort so that a new name is set after the old one, and wins."""
    return _new_variable(variable[0]) == variable[0]


def _with_names_of(file: Tree, tree: dict[str, Any]) -> Tree:
    """Call models as the file does: a variable can't be spelt with capitals told apart, points or dashes."""
    given, named = tree.get("models"), file.get("models")
    if not isinstance(given, dict) or not isinstance(named, dict):
        return tree
    spelt = {variable_of((name,)): name for name in cast(dict[str, Any], named)}
    models = {spelt.get(variable_of((name,)), name): table for name, table in cast(dict[str, Any], given).items()}
    return {**tree, "models": models}


def _home(layers: tuple[Layer, ...], path: Keys) -> Layer:
    """Return where a fault is to be mended: the highest layer that has the setting, else one that has its table."""
    for end in range(len(path), 0, -1):
        for layer in layers:
            if layer.has(path[:end]):
                return layer
    return layers[-1]


def _merge(lower: Tree, upper: Tree) -> dict[str, Any]:
    merged = dict(lower)
    for key, value in upper.items():
        old = merged.get(key)
        both = isinstance(old, Mapping) and isinstance(value, Mapping)
        merged[key] = _merge(cast(Tree, old), cast(Tree, value)) if both else value
    return merged


def _without_none(tree: Tree) -> dict[str, Any]:
    return {
        key: _without_none(cast(Tree, value)) if isinstance(value, Mapping) else value
        for key, value in tree.items()
        if value is not None
    }
