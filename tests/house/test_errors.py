"""The error trees: drawn in the docstring, rooted in one base, and a builtin each."""

import ast
import importlib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FILES = sorted(p for p in ROOT.glob("*/errors.py") if p.parent.name != "tests")


@pytest.mark.parametrize("file", FILES, ids=[f.parent.name for f in FILES])
def test_every_error_is_drawn_in_the_tree_and_is_the_builtin_it_means(file: Path) -> None:
    tree = ast.parse(file.read_text("utf-8"))
    drawing = ast.get_docstring(tree) or ""
    module = importlib.import_module(f"{file.parent.name}.errors")
    classes = [n.name for n in tree.body if isinstance(n, ast.ClassDef)]
    errors = [getattr(module, n) for n in classes if issubclass(getattr(module, n), Exception)]
    base = errors[0]
    assert errors[1:], file
    for error in errors[1:]:
        assert issubclass(error, base), f"{error.__name__} is outside the family"
        assert error.__name__ in drawing, f"{error.__name__} is missing in the drawn tree"
        builtins = [c for c in error.__mro__ if c.__module__ == "builtins"]
        meant = [c for c in builtins if c not in (Exception, BaseException, object)]
        assert meant, f"{error.__name__} is no builtin: say which one it means"
