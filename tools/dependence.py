"""Which statements of a notebook use a live training: found in its source, without running it."""

import ast
import copy
from collections.abc import Collection, Iterable

# What learns in a cell, as cells write it, and whether it changes its first argument in place.
TRAINING = {"training.train": True}
LEARNING = TRAINING | {
    "rate.learn_units": False,
    "rate.learn": False,
    "rate.learn_bcm": False,
    "spiking.compete": False,
}

_IMPORTS = (ast.Import, ast.ImportFrom)
_FUNCTIONS = (ast.FunctionDef, ast.Lambda)
_COMPOUND = (ast.For, ast.While, ast.If, ast.With, ast.Try)


def uses(cells: Iterable[ast.Module], calls: Collection[str]) -> list[list[ast.stmt]]:
    """Return, for each cell, its simple statements that call a training or use what one made.

    A name depends on a training if it was assigned from one, was trained in place, or was handed
    something that depends on one in a call of a method of it. It no longer does so when it is
    assigned anew.
    """
    followed = _Followed(set(calls))
    return [followed.statements(cell.body) for cell in cells]


def last_use(cells: Iterable[ast.Module], calls: Collection[str]) -> int:
    """Return the place of the last cell that uses a training, or -1 if there is none."""
    return max((k for k, found in enumerate(uses(cells, calls)) if found), default=-1)


def needed(cells: list[ast.Module], wanted: list[bool]) -> list[bool]:
    """Tell which cells must run for the ``wanted`` ones to do what they do where all are run.

    A cell is needed if it imports, or names what a later one reads: it may assign that, or change
    it in place.
    """
    imported = {
        (one.asname or one.name).partition(".")[0]
        for cell in cells
        for node in ast.walk(cell)
        if isinstance(node, _IMPORTS)
        for one in node.names
    }
    read, found = set(), list(wanted)
    for k in reversed(range(len(cells))):
        first, replaced = _reads(cells[k].body, set())
        named = _stored(cells[k]) | first - imported
        named |= {n.name for n in ast.walk(cells[k]) if isinstance(n, ast.FunctionDef)}
        found[k] |= bool(read & named) or any(isinstance(n, _IMPORTS) for n in cells[k].body)
        if found[k]:
            read = (read - replaced) | (first - imported)
    return found


def _reads(body: list[ast.stmt], replaced: set[str]) -> tuple[set[str], set[str]]:
    """Return what statements read before they assign it, and ``replaced`` with what they assign.

    Loops are taken to be gone through at least once.
    """
    read: set[str] = set()
    for node in body:
        if isinstance(node, _COMPOUND):
            for head in _heads(node):
                read |= _free(head) - replaced
            inner = replaced | (_stored(node.target) if isinstance(node, ast.For) else set())
            for part in _bodies(node):
                more, inside = _reads(part, inner)
                read |= more
                if part is node.body and isinstance(node, ast.For | ast.With):
                    replaced = replaced | inside
        else:
            read |= _free(node) - replaced
            if isinstance(node, ast.AugAssign):
                read |= _stored(node.target) - replaced
            own = {
                n
                for c in ast.walk(node)
                if isinstance(c, ast.comprehension)
                for n in _stored(c.target)
            }
            replaced = replaced | (
                {node.name} if isinstance(node, ast.FunctionDef) else _stored(node) - own
            )
    return read, replaced


def _heads(node: ast.stmt) -> list[ast.expr]:
    heads = [getattr(node, name) for name in ("iter", "test") if hasattr(node, name)]
    return heads + [item.context_expr for item in getattr(node, "items", [])]


def _bodies(node: ast.stmt) -> list[list[ast.stmt]]:
    bodies = [getattr(node, name, []) for name in ("body", "orelse", "finalbody")]
    return bodies + [handler.body for handler in getattr(node, "handlers", [])]


def _free(node: ast.AST) -> set[str]:
    """Return what it reads from outside: without arguments, and variables of its own."""
    own: set[str] = set()
    for inner in ast.walk(node):
        if isinstance(inner, _FUNCTIONS):
            given = inner.args
            every = (*given.args, *given.posonlyargs, *given.kwonlyargs, given.vararg, given.kwarg)
            own |= {one.arg for one in every if one}
        if isinstance(inner, ast.comprehension):
            own |= _stored(inner.target)
    if isinstance(node, ast.FunctionDef):
        own |= _stored(node)
    return _loaded(node) - own


def _loaded(node: ast.AST) -> set[str]:
    return {n.id for n in ast.walk(node) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Load)}


class _Followed:
    """The names that depend on a training, at some line of a notebook."""

    def __init__(self, calls: set[str]) -> None:
        self.calls, self.names, self.modules = calls, set(), set()
        self.functions: dict[
            str, tuple[set[str], bool]
        ] = {}  # what each reads from outside, and whether it trains

    def statements(self, body: list[ast.stmt]) -> list[ast.stmt]:
        """Go through statements; return those that use a training."""
        return [found for statement in body for found in self.statement(statement)]

    def statement(self, node: ast.stmt) -> list[ast.stmt]:
        if isinstance(node, ast.Import | ast.ImportFrom):
            self.modules |= {(one.asname or one.name).partition(".")[0] for one in node.names}
            return []
        if isinstance(node, ast.FunctionDef):
            self.functions[node.name] = _free(node), self.trains(node)
            self.names.discard(node.name)
            return [node] if self.functions[node.name][1] or self.depends(node) else []
        if isinstance(node, _COMPOUND):
            return self.compound(node)
        dependent = self.depends(node)
        if dependent and isinstance(node, ast.Expr):
            self.names |= self.handed(node)
        for call in (
            n
            for n in ast.walk(node)
            if isinstance(n, ast.Call) and ast.unparse(n.func) in self.calls
        ):
            if LEARNING.get(ast.unparse(call.func)) and call.args:
                self.names |= _loaded(call.args[0]) - self.modules
        self.assign(node, dependent)
        return [node] if dependent else []

    def compound(self, node: ast.stmt) -> list[ast.stmt]:
        """Go through a statement with parts, twice: a loop begins again with what it ended with."""
        found: dict[int, ast.stmt] = {}
        for _ in range(2):
            dependent = any(self.depends(head) for head in _heads(node))
            self.assign(getattr(node, "target", None), dependent)
            for item in getattr(node, "items", []):
                self.assign(item.optional_vars, dependent)
            before, after = copy.copy(self.names), set()
            for body in _bodies(node):
                self.names = copy.copy(before)
                found |= {id(one): one for one in self.statements(body)}
                after |= self.names
            self.names = after
        return sorted(found.values(), key=lambda one: one.lineno)

    def assign(self, node: ast.AST | None, dependent: bool) -> None:
        """Enter what a statement, or a target, assigns."""
        for target in ast.walk(node) if node is not None else ():
            if isinstance(target, ast.Name) and isinstance(target.ctx, ast.Store):
                known = isinstance(node, ast.AugAssign) and target.id in self.names
                (self.names.add if dependent or known else self.names.discard)(target.id)
                self.functions.pop(target.id, None)
            elif (
                isinstance(target, ast.Subscript | ast.Attribute)
                and isinstance(target.ctx, ast.Store)
                and dependent
            ):
                self.names |= _loaded(target.value) - self.modules

    def handed(self, node: ast.AST) -> set[str]:
        """Return the objects whose methods are called: they may keep what they are handed."""
        called = [
            n.func
            for n in ast.walk(node)
            if isinstance(n, ast.Call) and isinstance(n.func, ast.Attribute)
        ]
        return {
            name
            for one in called
            for name in _loaded(one.value) - self.modules
            if isinstance(_root(one), ast.Name)
        }

    def depends(self, node: ast.AST) -> bool:
        """Tell whether an expression or statement reads what depends on a training, or trains."""
        read = _free(node)
        for name in tuple(read):
            foreign, trains = self.functions.get(name, (set(), False))
            if trains:
                return True
            read |= foreign
        return bool(read & self.names) or self.trains(node)

    def trains(self, node: ast.AST) -> bool:
        return any(
            isinstance(n, ast.Call) and ast.unparse(n.func) in self.calls for n in ast.walk(node)
        )


def _stored(node: ast.AST) -> set[str]:
    return {
        n.id for n in ast.walk(node) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)
    }


def _root(node: ast.AST) -> ast.AST:
    while isinstance(node, ast.Attribute | ast.Subscript | ast.Call):
        node = node.func if isinstance(node, ast.Call) else node.value
    return node
