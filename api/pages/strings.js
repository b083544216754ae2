/** What the page says, in the shopper's language. The sentences live in strings.json. */

const MEMORY = "vistazo.language";

/** @typedef {Record<string, any>} Sentences */

export class Strings {
  /** @param {Record<string, Sentences>} all by language @param {string} language */
  constructor(all, language) {
    this.all = all;
    this.use(language);
  }

  /** @param {string} language one of the languages of strings.json */
  use(language) {
    this.language = language;
    this.sentences = this.all[language];
    this.plural = new Intl.PluralRules(language);
  }

  /** Switches to the other language and remembers the choice on this device. */
  toggle() {
    this.use(this.language === "en" ? "es" : "en");
    remember(this.language);
  }

  /**
   * The sentence `key` with its `{places}` filled. With `facts.n` and no sentence of that very
   * key, the plural form for n is taken.
   * @param {string} key
   * @param {Record<string, string|number>} [facts]
   */
  say(key, facts = {}) {
    const sentence =
      this.sentences[key] ?? this.sentences[`${key}.${this.plural.select(Number(facts.n))}`] ?? key;
    return sentence.replace(/\{(\w+)\}/g, (whole, name) => facts[name] ?? whole);
  }

  /** @param {string} key */
  has(key) {
    return key in this.sentences;
  }

  /** A catalogue's colour in the shopper's language, as it stands where we do not know it. */
  colour(name) {
    return this.sentences.colour[name.toLowerCase()] ?? name;
  }

  /** A kind of thing the door understood, likewise. */
  kind(name) {
    return this.sentences.kind[name] ?? name;
  }

  /**
   * A price as this language writes it; a shop without a currency gets a plain number.
   * @param {number} price @param {string} [currency] ISO 4217, may be empty
   */
  price(price, currency = "") {
    const whole = Number.isInteger(price);
    const digits = whole ? { minimumFractionDigits: 0 } : { minimumFractionDigits: 2 };
    if (!/^[A-Za-z]{3}$/.test(currency)) {
      return new Intl.NumberFormat(this.language, { ...digits, maximumFractionDigits: 2 }).format(price);
    }
    const money = { style: "currency", currency, ...(whole ? { maximumFractionDigits: 0 } : {}) };
    return new Intl.NumberFormat(this.language, money).format(price);
  }

  /** Fills every element that names its sentence: data-say as text, data-say-X as attribute X. */
  fill(root = document) {
    document.documentElement.lang = this.language;
    document.title = this.say("page.title");
    for (const node of root.querySelectorAll("[data-say]")) node.textContent = this.say(node.dataset.say);
    for (const attribute of ["aria-label", "placeholder", "alt", "title"]) {
      for (const node of root.querySelectorAll(`[data-say-${attribute}]`)) {
        node.setAttribute(attribute, this.say(node.getAttribute(`data-say-${attribute}`)));
      }
    }
  }
}

/**
 * The strings, in the language remembered, else the first of the browser's that we speak.
 * @param {string} [file] another page's sentences, beside this file
 */
export async function loadStrings(file = "strings.json") {
  const answer = await fetch(new URL(file, import.meta.url));
  const all = await answer.json();
  const wanted = [recall(), ...navigator.languages].map((tag) => (tag ?? "").slice(0, 2));
  return new Strings(all, wanted.find((tag) => tag in all) ?? "en");
}

function remember(language) {
  try {
    localStorage.setItem(MEMORY, language);
  } catch {
    // Storage may be closed to us; the choice then lasts as long as the page.
  }
}

function recall() {
  try {
    return localStorage.getItem(MEMORY);
  } catch {
    return null;
  }
}
