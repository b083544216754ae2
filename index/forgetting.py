"""Forgetting which pictures were removed long ago: the table of them would only ever grow.

`removed` tells processes that hold vectors in memory what to drop. Who follows every second needs
the last few; the others, and caches that are older than what is forgotten, start from nothing.
"""

from index.database import Database

KEPT = 200_000  # removed pictures; 5 MB with their index, an hour of 50 replaced products a second
AT_ONCE = 5_000  # forgotten in one transaction: some 10 ms in which others wait


def forget_removed(database: Database, kept: int = KEPT) -> int:
    """Forget all but the last `kept` removed pictures once there are twice as many; how many went.

    Raises ShopBusy, ShopBroken.
    """
    with database.reading() as connection:
        (there,) = connection.execute("SELECT count(*) FROM removed").fetchone()
    if there <= 2 * kept:
        return 0
    gone = 0
    while there - gone > kept:
        with database.writing() as connection:
            oldest = connection.execute(
                "SELECT max(sequence) FROM "
                "(SELECT sequence FROM removed ORDER BY sequence LIMIT ?)",
                (min(AT_ONCE, there - gone - kept),),
            ).fetchone()[0]
            if oldest is None:
                return gone
            gone += connection.execute(
                "DELETE FROM removed WHERE sequence <= ?", (oldest,)
            ).rowcount
            connection.execute("UPDATE shop SET forgotten = max(forgotten, ?)", (oldest,))
    return gone
