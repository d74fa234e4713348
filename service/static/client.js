/** Asks the search API; only the newest question is answered, older ones are dropped. */

/** Why there is no answer: `busy`, `invalid` or `down`, the words for which the page has. */
export class Refusal extends Error {
  constructor(kind, status = 0) {
    super(kind);
    this.kind = kind;
    this.status = status;
  }
}

const KINDS = { 401: "denied", 403: "denied", 422: "invalid", 429: "busy", 503: "busy" };

export class Client {
  #endpoint;
  #headers;
  #newest = null;

  constructor(endpoint, headers = {}) {
    this.#endpoint = endpoint;
    this.#headers = { Accept: "application/json", ...headers };
  }

  /** Forget the question that is under way. */
  drop() {
    this.#newest?.abort();
    this.#newest = null;
  }

  /** The answer, or null when a newer question overtook this one. Throws: Refusal. */
  async ask(params) {
    this.drop();
    const mine = new AbortController();
    this.#newest = mine;
    try {
      const url = `${this.#endpoint}?${params}`;
      const response = await fetch(url, { headers: this.#headers, signal: mine.signal, credentials: "same-origin" });
      if (!response.ok) throw new Refusal(KINDS[response.status] ?? "down", response.status);
      const answer = await response.json();
      return this.#newest === mine ? answer : null;
    } catch (error) {
      if (this.#newest !== mine) return null;
      throw error instanceof Refusal ? error : new Refusal("down");
    }
  }
}
