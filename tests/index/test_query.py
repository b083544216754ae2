"""What is looked for."""

import numpy as np
import pytest

from index.query import MAX_TOP, Query
from vision.embedding import Embedding


@pytest.mark.parametrize("top", [0, -1, MAX_TOP + 1])
def test_no_query_wants_nothing_or_everything(top: int) -> None:
    with pytest.raises(ValueError, match="top"):
        Query(Embedding(np.array([1], np.float32), "s"), top=top)
