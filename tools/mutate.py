"""Change the code one small way at a time, and tell which changes the tests don't notice.

    make mutants ARGS="src/hubbub/answers/log.py src/hubbub/answers/entry.py -- tests/answers"

Each change (a comparison, a condition, a constant, a call left out, ...) is put into functions in place, in a fork of
this process, which has imported and collected everything; there run the tests that come by the changed lines, the
quickest first, until one fails.
"""

import argparse
import ast
import asyncio
import gc
import json
import os
import random
import re
import resource
import signal
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, suppress
from pathlib import Path
from types import CodeType, FrameType, FunctionType
from typing import Any, NamedTuple

import pytest

ROOT = Path(__file__).resolve().parent.parent
PAIRS = (
    *((ast.Lt, ast.LtE), (ast.Gt, ast.GtE), (ast.Eq, ast.NotEq), (ast.Is, ast.IsNot), (ast.In, ast.NotIn)),
    *((ast.Add, ast.Sub), (ast.Mult, ast.Div), (ast.BitOr, ast.BitAnd), (ast.And, ast.Or)),
)
OTHERS: dict[type, Callable[[], Any]] = {one: other for a, b in PAIRS for one, other in ((a, b), (b, a))}
OTHERS[ast.FloorDiv] = ast.Mult
WORD = re.compile(r"[a-z_]+")
Lines = dict[str, tuple[float, dict[str, set[int]]]]
"""By test: how long it takes, and the lines of each file that it comes by."""


class Mutant(NamedTuple):
    """A change in a file: what `change` does and `undo` takes back. `first` to `last` are the lines that it is in."""

    file: str
    line: int
    last: int
    what: str
    function: str
    change: Callable[[], None]
    undo: Callable[[], None]
    tree: ast.Module


def mutants_of(file: str) -> Iterator[Mutant]:
    """Yield the changes that can be made within the functions of a file."""
    tree = ast.parse(Path(file).read_text())

    def swap(node: Any, field: str, other: object, what: str, span: ast.AST, function: str) -> Mutant:
        before = getattr(node, field)
        line, last = getattr(span, "lineno", 0), getattr(span, "end_lineno", 0)
        what = f"{getattr(node, 'lineno', line)}: {what}"
        do, undo = (lambda: setattr(node, field, other)), (lambda: setattr(node, field, before))
        return Mutant(file, line, last, what, function, do, undo, tree)

    def visit(node: ast.AST, names: tuple[str, ...], function: str, span: ast.AST) -> Iterator[Mutant]:
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            name = ".".join((*names, node.name))
            for one in node.body:
                yield from visit(one, (*names, node.name), function or name, one)
            return
        if isinstance(node, ast.ClassDef):
            for one in node.body:
                yield from visit(one, (*names, node.name), function, one)
            return
        if function:
            for field, other, what, where in changes(node):
                yield swap(where, field, other, what, span, function)
        for field, value in ast.iter_fields(node):
            if field in ("annotation", "returns") or _is_told_only(value):
                continue
            for at, child in enumerate(value if isinstance(value, list) else [value]):
                if isinstance(child, ast.stmt) and function and _can_go(child):
                    without = [*value[:at], ast.copy_location(ast.Pass(), child), *value[at + 1 :]]
                    yield swap(node, field, without, f"without `{_short(child)}`", child, function)
                if isinstance(child, ast.AST):
                    inner = child if isinstance(child, (ast.stmt, ast.expr)) and isinstance(node, ast.stmt) else span
                    yield from visit(child, names, function, inner)

    for one in tree.body:
        yield from visit(one, (), "", one)


def changes(node: ast.AST) -> Iterator[tuple[str, object, str, ast.AST]]:
    """Yield what may be put in the place of what: the field of a node, what it becomes, and this in words."""
    match node:
        case ast.Compare(ops=[op, *rest]) if type(op) in OTHERS:
            other = OTHERS[type(op)]()
            yield "ops", [other, *rest], f"{type(other).__name__} for {type(op).__name__} in `{_short(node)}`", node
        case ast.BoolOp(op=op) | ast.BinOp(op=op) | ast.AugAssign(op=op) if type(op) in OTHERS:
            other = OTHERS[type(op)]()
            yield "op", other, f"{type(other).__name__} for {type(op).__name__} in `{_short(node)}`", node
        case ast.Constant(value=bool() as value):
            yield "value", not value, f"{not value} for {value}", node
        case ast.Constant(value=int() | float() as value):
            yield "value", value + 1, f"{value + 1} for {value}", node
        case ast.Constant(value=str() as value) if WORD.fullmatch(value):
            yield "value", f"{value}x", f"{value}x for {value}", node
        case ast.Return(value=ast.expr() as value) if not isinstance(value, ast.Constant):
            yield "value", ast.copy_location(ast.Constant(None), value), f"None for `{_short(value)}`", node
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            no = ast.copy_location(ast.Call(ast.copy_location(ast.Name("bool", ast.Load()), node), [operand], []), node)
            yield "operand", _not(no), f"without the not of `{_short(node)}`", node
        case ast.If(test=test) | ast.While(test=test) | ast.IfExp(test=test):
            if not isinstance(test, (ast.Compare, ast.Constant)) or len(getattr(test, "ops", "1")) > 1:
                yield "test", _not(test), f"not `{_short(test)}`", node
        case ast.comprehension(ifs=[test]):
            yield "ifs", [], f"all, not only if `{_short(test)}`", node
        case ast.keyword(arg=str(), value=value) if not isinstance(value, ast.Constant):
            yield "value", ast.copy_location(ast.Constant(None), value), f"None for `{_short(value)}`", node
        case _:
            pass


def _not(node: ast.expr) -> ast.expr:
    return ast.copy_location(ast.UnaryOp(ast.Not(), node), node)


def _can_go(node: ast.stmt) -> bool:
    if isinstance(node, ast.Expr):
        value = node.value.value if isinstance(node.value, ast.Await) else node.value
        return isinstance(value, ast.Call) and not _is_told_only(node)
    is_state = isinstance(node, ast.Assign) and isinstance(node.targets[0], (ast.Attribute, ast.Subscript))
    return is_state or isinstance(node, (ast.AugAssign, ast.Raise, ast.Break, ast.Continue, ast.Delete))


def _is_told_only(node: object) -> bool:
    """Tell whether a statement only says something in the log."""
    return isinstance(node, ast.Expr) and ast.unparse(node).startswith("logger.")


def _short(node: ast.AST) -> str:
    return re.sub(r"\s+", " ", ast.unparse(node))[:70]


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


class Mutating:
    """What pytest runs instead of the tests: each mutant's tests, in a fork of this process."""

    def __init__(self, chosen: argparse.Namespace) -> None:
        self.chosen = chosen
        self.files = [str(Path(name).resolve()) for name in chosen.files]

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """Look which test comes by which line, then try the mutants."""
        session.items[:] = [item for item in session.items if item.get_closest_marker("quiet") is None]
        lines = self._lines(session)
        gc.unfreeze()
        functions = [one for one in gc.get_objects() if isinstance(one, FunctionType)]
        chance = random.Random(self.chosen.seed)  # noqa: S311 - to be had again
        result: Counter[str] = Counter()
        for file, mutants in [(file, list(mutants_of(file))) for file in self.files]:
            if self.chosen.only:
                mutants = [one for one in mutants if re.search(self.chosen.only, one.what)]
            taken = sorted(chance.sample(mutants, min(self.chosen.sample, len(mutants))), key=lambda one: one.line)
            here: Counter[str] = Counter(of=len(mutants), sampled=len(taken))
            for mutant in taken:
                how = self._try(session, mutant, lines, functions)
                here[how] += 1
                if how not in ("killed", "timeout"):
                    _say(f"  {how}: {Path(file).name}:{mutant.what}")
            _say(f"{Path(file).name} {dict(here)}")
            result += here
        share = (result["killed"] + result["timeout"]) / max(1, result["sampled"])
        _say(f"in all {dict(result)}: {share:.1%} killed")
        return True

    def _try(self, session: pytest.Session, mutant: Mutant, lines: Lines, functions: list[FunctionType]) -> str:
        span = set(range(mutant.line, mutant.last + 1))
        touching = [(seconds, test) for test, (seconds, by) in lines.items() if by.get(mutant.file, set()) & span]
        tests, whole = list[str](), 0.0
        for seconds, test in sorted(touching):
            whole += seconds
            if whole <= self.chosen.budget or not tests:
                tests.append(test)
        if not tests:
            return "untested"
        mutant.change()
        try:
            code = _code(compile(mutant.tree, mutant.file, "exec"), mutant.function)
        finally:
            mutant.undo()
        whole = min(whole, self.chosen.budget)
        return _forked(lambda: _is_killed(session, code, functions, tests), 4 + 2 * whole)

    def _lines(self, session: pytest.Session) -> Lines:
        with tempfile.TemporaryDirectory() as folder:
            cache = Path(self.chosen.lines or Path(folder, "lines.json"))
            if not cache.exists():
                _forked(lambda: _record(session, set(self.files), cache), 900)
            read = json.loads(cache.read_text())
        return {test: (took, {file: set(of) for file, of in by.items()}) for test, (took, by) in read.items()}


def _code(code: CodeType, name: str) -> CodeType:
    for one in code.co_consts:
        if isinstance(one, CodeType):
            if one.co_qualname == name:
                return one
            if name.startswith(f"{one.co_qualname}."):
                return _code(one, name)
    raise LookupError(name)


def _forked(work: Callable[[], bool], seconds: float) -> str:
    """Do some work in a process of its own; tell how it ended."""
    sys.stdout.flush()
    child = os.fork()
    if child == 0:
        status = 2
        try:
            os.setsid()
            null = os.open(os.devnull, os.O_RDWR)
            for stream in (0, 1, 2):
                os.dup2(null, stream)
            resource.setrlimit(resource.RLIMIT_AS, (6 * 1024**3, 6 * 1024**3))
            status = 1 if work() else 0
        finally:
            os._exit(status)
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        done, status = os.waitpid(child, os.WNOHANG)
        if done:
            return {0: "survived", 1: "killed"}.get(os.waitstatus_to_exitcode(status), "error")
        time.sleep(0.02)
    with suppress(ProcessLookupError):
        os.killpg(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return "timeout"


def _is_killed(session: pytest.Session, code: CodeType, functions: list[FunctionType], tests: Sequence[str]) -> bool:
    """Put the code in the place of the function that it is of, and tell whether a test fails."""
    found = [one for one in functions if _is_same(one.__code__, code)]
    if not found:
        raise LookupError(code.co_qualname)
    for function in found:
        function.__code__ = code
    by_id = {item.nodeid: item for item in session.items}
    return not all(_passes(session, by_id[test]) for test in tests if test in by_id)


def _is_same(one: CodeType, other: CodeType) -> bool:
    names = ("co_filename", "co_qualname", "co_firstlineno", "co_flags")
    return all(getattr(one, name) == getattr(other, name) for name in names)


def _passes(session: pytest.Session, item: pytest.Item) -> bool:
    failed = session.testsfailed
    item.config.hook.pytest_runtest_protocol(item=item, nextitem=None)
    return session.testsfailed == failed


def _record(session: pytest.Session, files: set[str], cache: Path) -> bool:
    """Run all tests once, and write by which lines each comes."""
    by: dict[str, set[int]] = {}

    def trace(frame: FrameType, event: str, arg: object) -> Any:
        if frame.f_code.co_filename not in files:
            return None
        of_file = by.setdefault(frame.f_code.co_filename, set())

        def line(frame: FrameType, event: str, arg: object) -> Any:
            of_file.add(frame.f_lineno)
            return line

        return line(frame, event, arg)

    found: dict[str, object] = {}
    threading.settrace(trace)
    for item in session.items:
        by.clear()
        began = time.monotonic()
        sys.settrace(trace)
        is_fine = _passes(session, item)
        sys.settrace(None)
        if is_fine:
            found[item.nodeid] = (time.monotonic() - began, {file: sorted(of) for file, of in by.items()})
    cache.write_text(json.dumps(found))
    return True


def main() -> None:
    """Read what is to be mutated, and have pytest collect the tests."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", nargs="+", help="the modules; after -- the tests")
    parser.add_argument("--sample", type=int, default=30, help="how many mutants of each module")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--budget", type=float, default=15, help="seconds that the tests of one mutant may take")
    parser.add_argument("--only", default="", help="a pattern for what is told of a mutant")
    parser.add_argument("--lines", default="", help="a file that keeps which test comes by which lines, if not anew")
    cut = sys.argv.index("--")
    chosen = parser.parse_args(sys.argv[1:cut])
    os.chdir(ROOT)
    sys.path.insert(0, str(ROOT))
    os.nice(10)
    from tests.servers.postgres_server import VARIABLE, postgres_running, template

    with ExitStack() as stack:
        os.environ[VARIABLE] = stack.enter_context(postgres_running())
        asyncio.run(template(os.environ[VARIABLE]))
        pytest.main(["-q", "-s", "-p", "no:cacheprovider", *sys.argv[cut + 1 :]], plugins=[Mutating(chosen)])


if __name__ == "__main__":
    main()
