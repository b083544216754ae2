/* What the widget says, in its two languages. */
const SAY = {
  en: {
    choose: "Search with a photo", take: "Take a photo", again: "Another photo", whole: "Whole photo",
    frame: "Drag a frame around one thing", words: "Refine: “but in green, under 50”", go: "Search",
    searching: "Searching …", found: "{n} similar products", none: "Nothing found.",
    nothing: "Nothing quite like this here. The nearest:", more: "More like this", out: "Sold out",
    failed: "The search did not work. Try again.", drop: "or drop one here", photo: "Your photo",
    things: "Things in your photo", thing: "Search for this: {kind}", top: "top", outer: "jacket or coat",
    bottom: "trousers or shorts", skirt: "skirt", dress: "dress", shoes: "shoes", bag: "bag", hat: "hat",
    eyewear: "glasses", scarf: "scarf",
  },
  es: {
    choose: "Buscar con una foto", take: "Hacer una foto", again: "Otra foto", whole: "Toda la foto",
    frame: "Marca un solo objeto", words: "Afina: «pero en verde, menos de 50»", go: "Buscar",
    searching: "Buscando …", found: "{n} productos parecidos", none: "No hay nada.",
    nothing: "No hay nada igual. Lo más parecido:", more: "Más como este", out: "Agotado",
    failed: "La búsqueda no ha funcionado. Inténtalo otra vez.", drop: "o suelta una aquí", photo: "Tu foto",
    things: "Cosas en tu foto", thing: "Buscar esto: {kind}", top: "prenda de arriba", outer: "chaqueta o abrigo",
    bottom: "pantalón", skirt: "falda", dress: "vestido", shoes: "zapatos", bag: "bolso", hat: "sombrero o gorra",
    eyewear: "gafas", scarf: "bufanda o pañuelo",
  },
};
