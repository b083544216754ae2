"""Every failure is of one family, is the builtin it means, and says what to do."""

import inspect

import pytest

from index import errors
from index.errors import BadRow, CatalogueError, EmptySource, NoShop, UnknownProduct

KINDS = [
    kind
    for _, kind in inspect.getmembers(errors, inspect.isclass)
    if issubclass(kind, CatalogueError) and kind is not CatalogueError
]


@pytest.mark.parametrize("kind", KINDS)
def test_every_error_is_drawn_in_the_tree_with_the_builtin_that_it_is(
    kind: type[CatalogueError],
) -> None:
    if CatalogueError in kind.__bases__:
        drawn = f"── {kind.__name__} ({kind.__mro__[2].__name__})"
    else:  # it hangs under a kind that says which builtin it is
        drawn = f"── {kind.__name__} "
    assert drawn in (errors.__doc__ or "")


def test_the_tree_draws_nothing_that_is_not_there() -> None:
    assert (errors.__doc__ or "").count("── ") == len(KINDS)


def test_messages_carry_the_facts_and_say_what_to_do() -> None:
    assert "vistazo index" in str(NoShop("/shop"))
    assert str(UnknownProduct("a")) == "There is no product 'a' in this shop."
    assert "--allow-removals" in str(EmptySource(9, 10))
    assert str(BadRow(3, "a", "bad_price", "no price")) == "line 3 (a): no price"
