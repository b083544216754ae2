"""The tables of the catalogue, and how an older shop becomes a newer one.

Promise: a migration and the record that it ran are one transaction, so it runs once or not at all.

`products` holds what a merchandiser says, `terms` the same again by field and folded value (what
filters and facets read), `pictures` one row for each picture, `vectors` its vectors.

A picture's row is never changed: a new picture, a new order or a new vector makes new rows with new
ids, and AUTOINCREMENT never hands an id out twice. So a vector found under an id belongs to
that id's product or to nothing, never to another product. `removed` keeps the ids that went, by
sequence number, for the processes that still hold their vectors in memory.
"""

import sqlite3

MIGRATIONS = (
    """
    CREATE TABLE shop (
        only INTEGER PRIMARY KEY CHECK (only = 1),
        identity TEXT NOT NULL,
        space TEXT NOT NULL DEFAULT '',
        dimension INTEGER NOT NULL DEFAULT 0,
        with_titles INTEGER NOT NULL DEFAULT 1,
        sequence INTEGER NOT NULL DEFAULT 0
    );
    INSERT INTO shop (only, identity) VALUES (1, lower(hex(randomblob(16))));
    CREATE TABLE products (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        sku TEXT NOT NULL UNIQUE,
        title TEXT NOT NULL,
        description TEXT NOT NULL,
        price REAL,
        currency TEXT NOT NULL,
        brand TEXT NOT NULL,
        categories TEXT NOT NULL,
        colour TEXT NOT NULL,
        size TEXT NOT NULL,
        article TEXT NOT NULL,
        stock INTEGER,
        store TEXT NOT NULL,
        url TEXT NOT NULL,
        attributes TEXT NOT NULL,
        from_source INTEGER NOT NULL,
        words TEXT NOT NULL
    );
    CREATE INDEX products_by_article ON products (article) WHERE article <> '';
    CREATE TABLE pictures (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        product_id INTEGER NOT NULL REFERENCES products (id),
        ordinal INTEGER NOT NULL,
        path TEXT NOT NULL,
        sha256 TEXT NOT NULL,
        pixel_digest TEXT NOT NULL,
        stamp TEXT NOT NULL,
        sequence INTEGER NOT NULL,
        UNIQUE (product_id, ordinal)
    );
    CREATE INDEX pictures_by_sequence ON pictures (sequence);
    CREATE INDEX pictures_by_sha256 ON pictures (sha256);
    CREATE INDEX pictures_by_pixels ON pictures (pixel_digest);
    CREATE TABLE vectors (
        picture_id INTEGER PRIMARY KEY REFERENCES pictures (id),
        vector BLOB NOT NULL,
        own BLOB
    );
    CREATE TABLE removed (
        picture_id INTEGER PRIMARY KEY,
        sequence INTEGER NOT NULL
    );
    CREATE INDEX removed_by_sequence ON removed (sequence);
    CREATE TABLE terms (
        field TEXT NOT NULL,
        value TEXT NOT NULL,
        product_id INTEGER NOT NULL REFERENCES products (id),
        number REAL,
        shown TEXT,
        PRIMARY KEY (field, value, product_id)
    ) WITHOUT ROWID;
    CREATE INDEX terms_by_product ON terms (product_id);
    CREATE INDEX terms_by_number ON terms (field, number, product_id) WHERE number IS NOT NULL;
    """,
    # how much titles weigh, instead of whether: a model's next version may weigh them otherwise.
    # -1 is no weight of any model, so that the next run makes all vectors again
    """
    ALTER TABLE shop ADD COLUMN title_weight REAL NOT NULL DEFAULT -1;
    ALTER TABLE shop DROP COLUMN with_titles;
    """,
    # hashes of pictures that lost a row: their uploads and thumbnails go if no other row needs them
    """
    CREATE TABLE doomed (sha256 TEXT PRIMARY KEY) WITHOUT ROWID;
    """,
    # a merchandiser's rules, by name; how the columns of catalogues with a header were mapped;
    # what was seen in a picture of these bytes when flaws were looked for
    """
    CREATE TABLE rules (
        name TEXT PRIMARY KEY,
        place INTEGER NOT NULL,
        body TEXT NOT NULL
    ) WITHOUT ROWID;
    CREATE TABLE mappings (
        header TEXT PRIMARY KEY,
        body TEXT NOT NULL
    ) WITHOUT ROWID;
    CREATE TABLE traits (
        sha256 TEXT PRIMARY KEY,
        width_px INTEGER NOT NULL,
        height_px INTEGER NOT NULL,
        contrast REAL NOT NULL,
        likeness BLOB NOT NULL
    ) WITHOUT ROWID;
    """,
    # by which change a product became what it is (its version, for those who watch it); what the
    # source's row looked like that it was made of, so that an equal row need not be understood
    # again; up to which change rows of `removed` were dropped
    """
    ALTER TABLE products ADD COLUMN sequence INTEGER NOT NULL DEFAULT 0;
    ALTER TABLE products ADD COLUMN row_digest BLOB;
    ALTER TABLE shop ADD COLUMN forgotten INTEGER NOT NULL DEFAULT 0;
    CREATE INDEX products_by_sequence ON products (sequence);
    """,
    # a checksum of a vector and the id that it is found under: SQLite itself does not notice a bit
    # that fell over. NULL for vectors written before
    """
    ALTER TABLE vectors ADD COLUMN crc INTEGER;
    """,
)


def migrate(connection: sqlite3.Connection) -> None:
    """Bring the open database up to date; raises sqlite3.DatabaseError for one too new."""
    if version_of(connection) == len(MIGRATIONS):
        return
    connection.execute("BEGIN IMMEDIATE")
    try:
        connection.execute(
            "CREATE TABLE IF NOT EXISTS migrations ("
            "number INTEGER PRIMARY KEY, at TEXT NOT NULL DEFAULT CURRENT_TIMESTAMP)"
        )
        for number in range(version_of(connection), len(MIGRATIONS)):
            for statement in MIGRATIONS[number].split(";"):
                if statement.strip():
                    connection.execute(statement)
            connection.execute("INSERT INTO migrations (number) VALUES (?)", (number + 1,))
        connection.execute("COMMIT")
    finally:
        if connection.in_transaction:
            connection.execute("ROLLBACK")


def version_of(connection: sqlite3.Connection) -> int:
    """How many migrations have run; raises sqlite3.DatabaseError if more than we know."""
    known = connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'migrations'").fetchone()
    if known is None:
        return 0
    (version,) = connection.execute("SELECT coalesce(max(number), 0) FROM migrations").fetchone()
    if version > len(MIGRATIONS):
        raise sqlite3.DatabaseError(
            f"its tables are of version {version}, this Vistazo knows {len(MIGRATIONS)}: update it"
        )
    return int(version)
