"""What a shop keeps of its vectors: whoever saves at the same time, the note has its file."""

import threading
from pathlib import Path

import numpy as np

from index.check_files import check_cache
from index.kept import FILES, find_note, keep_flat, open_kept
from index.tiers import Tiered

DIMENSION, SAVERS, ROUNDS = 8, 6, 25


def test_savers_do_not_take_each_others_files_away(tmp_path: Path) -> None:
    tiered = Tiered(DIMENSION)
    vectors = np.eye(DIMENSION, dtype=np.float32)
    ids = np.arange(1, DIMENSION + 1)
    tiered.add(ids, ids, vectors)
    wrong: list[str] = []

    def save(who: int) -> None:
        for n in range(ROUNDS):
            keep_flat(tmp_path, "shop", 1 + who * ROUNDS + n, tiered)

    threads = [threading.Thread(target=save, args=(who,)) for who in range(SAVERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    wrong += [fault.subject for fault in check_cache(tmp_path)]
    note = find_note(tmp_path)
    assert note is not None
    assert open_kept(tmp_path, note) is not None
    assert wrong == []
    assert len(list(tmp_path.glob(FILES))) == 1
