/** What the mirror's page asks of the server, through the attendant on this machine. */

const MEMORY = "vistazo.visit";

/** A question that was not answered as wished; `code` is the server's stable word, or "offline". */
export class Refused extends Error {
  constructor(code, detail = "") {
    super(detail || code);
    this.code = code;
  }
}

/** The page's own pass comes behind the # of its address, which no browser sends anywhere. */
export const ownPass = () => location.hash.slice(1);

async function ask(method, path, pass, body) {
  const headers = { Authorization: `Bearer ${pass}` };
  if (body !== undefined) headers["Content-Type"] = "application/json";
  let answer;
  try {
    answer = await fetch(path, { method, headers, body: body === undefined ? undefined : JSON.stringify(body) });
  } catch {
    throw new Refused("offline");
  }
  if (!answer.ok) {
    const problem = await answer.json().catch(() => ({}));
    throw new Refused(problem.code ?? "unknown", problem.detail);
  }
  return answer;
}

/** Her visit, as long as this tab lives: its id, her pass, the consent she gave. */
export class Visit {
  constructor(facts) {
    Object.assign(this, facts);
  }

  /** Somebody stands before the mirror. */
  static async begin() {
    const visit = await (await ask("POST", "/v1/visits", ownPass(), {})).json();
    return new Visit({ id: visit.id, pass: visit.pass, pin: visit.pin }).#remember();
  }

  /** She comes back to her visit with its PIN. */
  static async byPin(id, pin) {
    const found = await (await ask("POST", `/v1/visits/${id}/pass`, "", { pin })).json();
    return new Visit({ id, pass: found.pass, pin }).#remember();
  }

  /** The visit that this tab knows, if it is the one before the mirror. */
  static recall(id) {
    const held = JSON.parse(sessionStorage.getItem(MEMORY) ?? "null");
    return held?.id === id ? new Visit(held) : null;
  }

  static forget() {
    sessionStorage.removeItem(MEMORY);
  }

  async agree(form) {
    const consent = await (await ask("POST", `/v1/visits/${this.id}/consents`, this.pass, form)).json();
    this.consent = consent.id;
    this.mayKeep = form.purposes.includes("keep");
    this.#remember();
  }

  async takeBack() {
    await ask("DELETE", `/v1/consents/${this.consent}`, this.pass);
    this.consent = undefined;
    this.#remember();
  }

  async record() {
    const body = { pre_roll_s: 0 };
    return (await ask("POST", `/v1/visits/${this.id}/recordings`, this.pass, body)).json();
  }

  confirmCompany = () => ask("POST", `/v1/visits/${this.id}/company`, this.pass);
  stop = (clip) => ask("POST", `/v1/recordings/${clip}/stop`, this.pass);
  outcome = async (clip) => (await ask("GET", `/v1/recordings/${clip}`, this.pass)).json();
  facts = async () => (await ask("GET", `/v1/visits/${this.id}`, this.pass)).json();
  clip = async (clip) => (await ask("GET", `/v1/clips/${clip}`, this.pass)).json();
  clips = async () => (await (await ask("GET", "/v1/clips", this.pass)).json()).clips;
  thumbnail = async (clip) => (await ask("GET", `/v1/clips/${clip}/thumbnail`, this.pass)).blob();
  film = async (clip) => (await ask("GET", `/v1/clips/${clip}/video`, this.pass)).blob();
  keep = (clip) => ask("POST", `/v1/clips/${clip}/keep`, this.pass);
  destroy = (clip) => ask("DELETE", `/v1/clips/${clip}`, this.pass);

  async end() {
    await ask("POST", `/v1/visits/${this.id}/end`, this.pass);
    Visit.forget();
  }

  #remember() {
    sessionStorage.setItem(MEMORY, JSON.stringify({ ...this, stop: undefined }));
    return this;
  }
}

/** Ends a visit that nobody here has the pass of: she left without a word. */
export const endAbandoned = (id) => ask("POST", `/v1/visits/${id}/end`, ownPass());
