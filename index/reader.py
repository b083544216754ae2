"""Reading a shop's products: each method sees one moment of it."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from index import catalogue
from index.conditions import known_fields
from index.database import Database
from index.errors import UnknownProduct
from index.facets import Facets, count_facets
from index.product import Picture, Product
from vision.embedding import Embedding, unit
from vision.spec import EncoderSpec


class Reader:
    """Reads the shop in `folder`; may be used from any thread."""

    def __init__(self, folder: Path, spec: EncoderSpec, database: Database) -> None:
        self._folder = folder
        self._spec = spec
        self._database = database

    @property
    def folder(self) -> Path:
        """Where the shop lies, absolute."""
        return self._folder

    @property
    def spec(self) -> EncoderSpec:
        """The model whose vectors it holds."""
        return self._spec

    @property
    def database(self) -> Database:
        """The truth itself, for bulk work."""
        return self._database

    def __len__(self) -> int:
        """How many products it holds."""
        with self._database.reading() as connection:
            (count,) = connection.execute("SELECT count(*) FROM products").fetchone()
        return int(count)

    def get(self, sku: str) -> Product:
        """The product; raises UnknownProduct."""
        found = self.find(sku)
        if found is None:
            raise UnknownProduct(sku)
        return found

    def find(self, sku: str) -> Product | None:
        """The product, or None."""
        with self._database.reading() as connection:
            product_id = catalogue.find_id(connection, sku)
            if product_id is None:
                return None
            return catalogue.products_by_id(connection, [product_id])[product_id]

    def product_with_pictures(self, sku: str) -> tuple[Product, list[Picture], str]:
        """The product, its pictures in order and its version, of one moment.

        Raises UnknownProduct.
        """
        with self._database.reading() as connection:
            known = catalogue.get_id(connection, sku)
            product = catalogue.products_by_id(connection, [known])[known]
            version = catalogue.version_of(connection, known)
            return product, catalogue.pictures_of(connection, known), version

    def pictures(self, sku: str) -> list[Picture]:
        """The product's pictures in order, with absolute paths; raises UnknownProduct."""
        with self._database.reading() as connection:
            found = catalogue.pictures_of(connection, catalogue.get_id(connection, sku))
        return [replace(p, path=str(self._folder / p.path)) for p in found]

    def vector_of(self, sku: str) -> Embedding:
        """The middle of the product's pictures, to find more like it; raises UnknownProduct."""
        with self._database.reading() as connection:
            vectors = catalogue.vectors_of(connection, catalogue.get_id(connection, sku))
        middle = vectors.sum(axis=0)
        if not np.linalg.norm(middle) > 1e-6:  # two opposite pictures: the first speaks
            middle = vectors[0]
        return Embedding(unit(middle), self._spec.space)

    def facets(self, skus: Sequence[str] | None = None) -> Facets:
        """Values and how many products carry them, over `skus` or the whole shop."""
        with self._database.reading() as connection:
            return count_facets(connection, skus)

    def fields(self) -> list[str]:
        """Every field that a filter may name."""
        with self._database.reading() as connection:
            return known_fields(connection)

    @property
    def title_weight(self) -> float:
        """How much a title weighs in this shop's vectors; 0 for a shop of pictures only."""
        with self._database.reading() as connection:
            return catalogue.title_weight(connection)
