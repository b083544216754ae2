"""What merchants call the columns of their catalogues: data for index/mapping.

From the export files of Shopify, WooCommerce, Magento, PrestaShop and Google Merchant Center, and
from spreadsheets in English, Spanish, French and German. Of several columns that fit one field the
name that stands first here wins. Case, accents, blanks, hyphens, underscores and what stands in
parentheses do not count.
"""

COLUMN_NAMES: dict[str, tuple[str, ...]] = {
    "sku": (
        "sku", "variant sku", "item sku", "seller sku", "product sku", "merchant sku",
        "article number", "article no", "article nr", "item number", "item no", "item code",
        "product code", "product number", "style number", "style code", "mpn", "referencia", "ref",
        "codigo", "codigo de producto", "codigo articulo", "codigo de articulo", "cod articulo",
        "num articulo", "reference", "reference produit", "code article", "code produit",
        "numero d article", "artikelnummer", "artikel nr", "artikelnr", "art nr", "bestellnummer",
        "produktnummer", "handle", "product id", "item id", "article id", "articulo id",
        "id producto", "id produit", "produkt id", "artikel id", "id", "ean", "gtin", "barcode",
    ),
    "image": (
        "image", "images", "picture", "pictures", "image link", "image url", "image urls",
        "image src", "image source", "image file", "image path", "image filename", "main image",
        "main image url", "base image", "featured image", "primary image", "product image",
        "variant image", "photo", "photos", "photo url", "picture url", "img", "img url",
        "filename", "file name", "additional image link", "additional images",
        "additional image urls",
        "imagen", "imagenes", "imagen url", "url imagen", "url de imagen", "url de la imagen",
        "enlace imagen", "imagen principal", "foto", "fotos", "fotografia", "url foto", "fichero",
        "archivo", "image principale", "url image", "url de l image", "lien image", "photo produit",
        "fichier", "fichier image", "bild", "bilder", "bild url", "bildurl", "bildlink",
        "bild link", "hauptbild", "produktbild", "artikelbild", "bilddatei", "datei", "dateiname",
    ),
    "title": (
        "title", "name", "product name", "product title", "item name", "item title", "nombre",
        "nombre del producto", "nombre producto", "titulo", "articulo", "producto", "nom",
        "nom du produit", "nom produit", "titre", "intitule", "designation", "libelle", "produit",
        "bezeichnung", "artikelbezeichnung", "artikelname", "produktname", "produktbezeichnung",
        "titel", "artikel", "produkt",
    ),
    "description": (
        "description", "body html", "body", "long description", "product description",
        "full description", "short description", "details", "descripcion", "descripcion larga",
        "descripcion corta", "detalle", "detalles", "description longue", "description courte",
        "descriptif", "beschreibung", "langbeschreibung", "produktbeschreibung",
        "artikelbeschreibung", "kurzbeschreibung",
    ),
    "price": (
        "price", "variant price", "unit price", "sale price", "selling price", "regular price",
        "retail price", "list price", "rrp", "msrp", "precio", "precio venta", "precio de venta",
        "precio unitario", "pvp", "importe", "prix", "prix de vente", "prix ttc", "prix unitaire",
        "preis", "verkaufspreis", "vk", "vk preis", "bruttopreis", "uvp", "einzelpreis",
    ),
    "currency": (
        "currency", "currency code", "price currency", "moneda", "divisa", "devise", "monnaie",
        "wahrung",
    ),
    "brand": (
        "brand", "brand name", "vendor", "manufacturer", "maker", "designer", "label", "marca",
        "fabricante", "marque", "fabricant", "marke", "hersteller", "markenname",
    ),
    "category": (
        "category", "categories", "product category", "product categories", "category path",
        "product type", "google product category", "department", "categoria", "categorias",
        "categoria de producto", "familia", "departamento", "seccion", "categorie", "rayon",
        "famille", "kategorie", "kategorien", "produktkategorie", "warengruppe", "rubrik",
        "abteilung",
    ),
    "colour": (
        "colour", "color", "colors", "colours", "color name", "colour name", "main color",
        "base colour", "colores", "color principal", "couleur", "couleurs", "coloris", "farbe",
        "farben", "farbname", "grundfarbe",
    ),
    "size": (
        "size", "sizes", "talla", "tallas", "tamano", "numero", "taille", "tailles", "pointure",
        "grosse", "grossen", "groesse", "kleidergrosse",
    ),
    "group": (
        "group", "item group id", "group id", "product group", "parent", "parent sku", "parent id",
        "style", "style id", "model", "model code", "grupo", "modelo", "referencia padre",
        "sku padre", "groupe", "modele", "sku parent", "gruppe", "modell", "artikelgruppe",
        "eltern sku",
    ),
    "stock": (
        "stock", "quantity", "qty", "inventory", "inventory quantity", "inventory qty",
        "variant inventory qty",
        "stock quantity", "available quantity", "units", "availability", "in stock", "existencias",
        "cantidad", "unidades", "inventario", "disponibilidad", "disponible", "quantite",
        "quantite en stock", "en stock", "disponibilite", "bestand", "lagerbestand", "menge",
        "anzahl", "verfugbarkeit", "verfugbar", "auf lager",
    ),
    "store": (
        "store", "store code", "shop", "branch", "location", "tienda", "sucursal", "magasin",
        "boutique", "point de vente", "filiale", "laden", "geschaft", "standort",
    ),
    "url": (
        "url", "link", "product url", "product link", "product page", "permalink", "canonical url",
        "enlace", "url producto", "url del producto", "lien", "lien produit", "url produit",
        "produkt url", "produktlink", "produkt link",
    ),
}  # fmt: skip
