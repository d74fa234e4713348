/**
 * <sanad-search>: the search box a portal embeds. One script tag, one element:
 *
 *   <script type="module" src="/static/sanad-search.js"></script>
 *   <sanad-search lang="ar" limit="5"></sanad-search>
 *
 * Attributes: `endpoint` (where the service is; where this file came from when unset), `key` (or the property of that
 * name), `site` (where the article pages are, when `endpoint` is a proxy of the portal's own), `lang` (interface: ar or
 * en; the page's own when unset), `limit`, `label` (its name for screen readers), `placeholder`, `inline` (results stand
 * in the page instead of floating over it), and the filters `publisher`, `source`, `passage-lang`, `date-from`,
 * `date-to`, `group-by`. Events: `sanad-answer` {answer}, `sanad-select` {hit, href} (cancelable), `sanad-error` {kind, status}.
 * Parts: form, input, button, panel, state, hits, hit, title, meta, heading, text.
 */

import { Client } from "./client.js";
import { hitItem, Speech } from "./hits.js";

const PAUSE = 250;
const FILTERS = ["publisher", "source", "passage-lang", "date-from", "date-to", "group-by"];
const WORDS = {
  ar: {
    label: "ابحث في المقالات",
    placeholder: "اكتب سؤالك…",
    search: "بحث",
    results: "النتائج",
    loading: "جارٍ البحث…",
    weak: "لا شيء هنا يجيب عن سؤالك بوضوح؛ هذه أقرب الفقرات.",
    none: "لا نتائج",
    busy: "الخدمة مشغولة الآن؛ أعد المحاولة بعد قليل.",
    down: "تعذّر الوصول إلى الخدمة.",
    invalid: "لا يمكن البحث بهذا السؤال.",
    denied: "هذه الخدمة تتطلب مفتاحًا.",
    paragraph: "الفقرة {n}",
    relevance: "الصلة {n}٪",
    hits: { one: "فقرة واحدة", two: "فقرتان", few: "{n} فقرات", other: "{n} فقرة" },
  },
  en: {
    label: "Search the articles",
    placeholder: "Ask a question…",
    search: "Search",
    results: "Results",
    loading: "Searching…",
    weak: "Nothing here clearly answers this; these are the closest paragraphs.",
    none: "No results",
    busy: "The service is busy; please try again in a moment.",
    down: "The service cannot be reached.",
    invalid: "This cannot be searched for.",
    denied: "This service asks for a key.",
    paragraph: "Paragraph {n}",
    relevance: "Relevance {n}%",
    hits: { one: "1 paragraph", other: "{n} paragraphs" },
  },
};

// A constructed sheet needs no style attribute, so it stands under any Content-Security-Policy.
const SHEET = new CSSStyleSheet();
SHEET.replaceSync(`
:host { display: block; position: relative; text-align: start;
  --ink: var(--sanad-ink, CanvasText); --paper: var(--sanad-paper, Canvas); --accent: var(--sanad-accent, light-dark(#0d5c54, #84d1c3));
  --on-accent: var(--sanad-on-accent, light-dark(#fff, #0b1f1c)); --mark: var(--sanad-mark, light-dark(#fbe7a1, #5c4a14));
  --soft: var(--sanad-soft, color-mix(in srgb, var(--ink) 68%, var(--paper))); --line: var(--sanad-line, color-mix(in srgb, var(--ink) 16%, var(--paper)));
  --edge: var(--sanad-edge, color-mix(in srgb, var(--ink) 50%, var(--paper))); --radius: var(--sanad-radius, 1.6rem);
  --ui: var(--sanad-font, system-ui, "Segoe UI", "Noto Sans", "Noto Sans Arabic UI", "Noto Sans Arabic", "Geeza Pro", Tahoma, sans-serif);
  --arabic: var(--sanad-font-arabic, "Noto Naskh Arabic", "Geeza Pro", "Sakkal Majalla", "Traditional Arabic", serif);
  --latin: var(--sanad-font-latin, "Iowan Old Style", Charter, "Noto Serif", Georgia, serif);
  color: var(--ink); font: 1rem/1.6 var(--ui); }
:host([hidden]), [hidden] { display: none !important; }
* { box-sizing: border-box; margin: 0; padding: 0; }
ol, ul { list-style: none; }
.unseen { position: absolute; width: 1px; height: 1px; margin: -1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
form { display: flex; padding: .2rem; background: var(--paper); border: 1.5px solid var(--edge); border-radius: var(--radius); }
form:focus-within { border-color: var(--accent); box-shadow: 0 0 0 3px color-mix(in srgb, var(--accent) 22%, transparent); }
input { flex: 1; width: 0; min-width: 0; border: 0; outline: 0; background: none; color: inherit; font: inherit; padding: .35rem 1rem; appearance: none; text-align: start; }
:host(:dir(rtl)) input:placeholder-shown { direction: rtl; }
input::placeholder { color: var(--soft); opacity: 1; }
input::-webkit-search-cancel-button { appearance: none; }
button { border: 0; border-radius: var(--radius); background: var(--accent); color: var(--on-accent); font: inherit; font-weight: 600; padding: .35rem 1.1rem; cursor: pointer; }
:focus-visible:not(input) { outline: 3px solid var(--accent); outline-offset: 2px; border-radius: .25rem; }
.panel { position: absolute; z-index: var(--sanad-layer, 1000); inset-inline: 0; margin-block-start: .4rem; max-height: min(70vh, 36rem); overflow-y: auto; overscroll-behavior: contain; background: var(--paper); border: 1px solid var(--line); border-radius: .9rem; box-shadow: 0 12px 40px rgb(0 0 0 / 16%); padding: .9rem 1.2rem; }
:host([inline]) .panel { position: static; max-height: none; box-shadow: none; border: 0; padding-inline: .4rem; background: none; }
.state { color: var(--soft); font-size: .875rem; }
.state[data-state="weak"] { border-inline-start: 3px solid var(--mark); padding-inline-start: .7rem; color: var(--ink); }
.hits[aria-busy="true"] { opacity: .5; }
.hit { padding-block: .9rem; border-block-end: 1px solid var(--line); overflow-wrap: anywhere; text-align: start; }
.hit:last-child { border: 0; }
h3 { font: 650 1rem/1.5 var(--latin); }
h3 a { color: var(--accent); text-decoration: none; }
h3 a:hover { text-decoration: underline; }
h3 a:lang(ar) { display: block; font: 700 1.06rem/1.75 var(--arabic); }
.meta { display: flex; flex-wrap: wrap; column-gap: .45rem; color: var(--soft); font-size: .8125rem; }
.meta li { display: flex; gap: .45rem; }
.meta li:not(:last-child)::after { content: "·"; }
.heading { color: var(--soft); font-size: .85rem; }
.text { font: 1rem/1.65 var(--latin); white-space: pre-line; }
.text:lang(ar) { font: 1.09rem/1.9 var(--arabic); }
.also { color: var(--soft); font-size: .8125rem; }
mark { background: linear-gradient(transparent 58%, var(--mark) 58%, var(--mark) 90%, transparent 90%); color: inherit; -webkit-box-decoration-break: clone; box-decoration-break: clone; }
mark.word { background: var(--mark); border-radius: .15em; }
`);

/** An element with its class, part and children. */
function make(tag, name, ...children) {
  const element = document.createElement(tag);
  if (name) {
    element.className = name;
    element.setAttribute("part", name);
  }
  element.append(...children);
  return element;
}

/** An element that hitItem fills. */
function blank(tag, name, ...children) {
  const element = make(tag, "", ...children);
  element.dataset.f = name;
  return element;
}

/** The blank that each hit is copied from; hitItem takes out what a hit has not. */
function hitBlank() {
  const named = (name) => blank("li", name, document.createElement("bdi"));
  const title = blank("a", "title");
  title.setAttribute("part", "title");
  const heading = blank("p", "heading");
  const text = blank("p", "text");
  for (const part of [heading, text]) {
    part.className = part.dataset.f;
    part.setAttribute("part", part.dataset.f);
  }
  const date = make("li", "", blank("time", "date", document.createElement("bdi")));
  const places = ["paragraph", "relevance"].map((name) => make("li", "", blank("bdi", name)));
  const meta = make("ul", "meta", ...["publisher", "author"].map(named), date, named("section"), ...places);
  const also = make("p", "also", blank("span", "also"));
  const template = document.createElement("template");
  template.content.append(make("li", "hit", make("h3", "", title), meta, heading, text, also));
  return template;
}

export class SanadSearch extends HTMLElement {
  static observedAttributes = ["endpoint", "key", "lang", "limit", "label", "placeholder", "site", ...FILTERS];

  #input = make("input", "input");
  #button = make("button", "button");
  #label = make("label", "unseen");
  #state = make("p", "state");
  #hits = make("ol", "hits");
  #panel = make("section", "panel", this.#state, this.#hits);
  #blank = hitBlank();
  #client = null;
  #key = null;
  #timer = 0;
  #composing = false;
  #asked = "";
  #asking = "";

  constructor() {
    super();
    const form = make("form", "form", this.#label, this.#input, this.#button);
    form.setAttribute("role", "search");
    Object.assign(this.#input, { id: "q", type: "search", dir: "auto", maxLength: 512, autocomplete: "off" });
    this.#input.enterKeyHint = "search";
    this.#label.htmlFor = "q";
    this.#button.type = "submit";
    this.#state.setAttribute("role", "status");
    this.#panel.hidden = true;
    const root = this.attachShadow({ mode: "open", delegatesFocus: true });
    root.adoptedStyleSheets = [SHEET];
    root.append(form, this.#panel);
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#ask(true);
    });
    this.#input.addEventListener("compositionstart", () => (this.#composing = true));
    this.#input.addEventListener("compositionend", () => {
      this.#composing = false;
      this.#later();
    });
    this.#input.addEventListener("input", () => this.#composing || this.#later());
    this.#input.addEventListener("focus", () => (this.#panel.hidden = !this.#asked));
    root.addEventListener("keydown", (event) => this.#press(event));
    this.addEventListener("focusout", (event) => {
      const inside = event.relatedTarget && (this.contains(event.relatedTarget) || root.contains(event.relatedTarget));
      if (!inside && event.relatedTarget) this.#close();
    });
    this.outside = (event) => event.composedPath().includes(this) || this.#close();
  }

  connectedCallback() {
    document.addEventListener("pointerdown", this.outside);
    this.#dress();
  }

  disconnectedCallback() {
    document.removeEventListener("pointerdown", this.outside);
    clearTimeout(this.#timer);
    this.#client?.drop();
    this.#asking = "";
  }

  attributeChangedCallback() {
    if (this.isConnected) this.#dress();
  }

  /** The key, when the portal hands it over by script and not in the markup. */
  set key(value) {
    this.#key = value;
    this.#client = null;
  }

  /** The interface's language. */
  get #ui() {
    const lang = this.lang || this.closest("[lang]")?.lang || document.documentElement.lang;
    return lang.toLowerCase().startsWith("ar") ? "ar" : "en";
  }

  get #words() {
    return WORDS[this.#ui];
  }

  #dress() {
    const root = this.shadowRoot;
    for (const part of root.children) {
      part.lang = this.#ui;
      part.dir = this.#ui === "ar" ? "rtl" : "ltr";
    }
    const label = this.getAttribute("label") ?? this.#words.label;
    this.#label.textContent = label;
    this.#input.form.setAttribute("aria-label", label);
    this.#panel.setAttribute("aria-label", `${this.#words.results}: ${label}`);
    this.#input.placeholder = this.getAttribute("placeholder") ?? this.#words.placeholder;
    this.#button.textContent = this.#words.search;
    this.#client = null;
  }

  get #base() {
    return new URL(`${this.getAttribute("endpoint") ?? new URL("..", import.meta.url).href}`.replace(/\/?$/, "/"), document.baseURI);
  }

  /** The article's page: under the service, or where `site` says when the endpoint is a portal's own proxy. */
  #page(href) {
    const site = this.getAttribute("site")?.replace(/\/?$/, "/");
    return new URL(href.slice(href.lastIndexOf("/articles/") + 1), site ? new URL(site, document.baseURI) : this.#base).href;
  }

  #ready() {
    const key = this.#key ?? this.getAttribute("key");
    this.#client ??= new Client(new URL("v1/search", this.#base), key ? { Authorization: `Bearer ${key}` } : {});
    return this.#client;
  }

  #params(q) {
    const params = new URLSearchParams({ q, limit: this.getAttribute("limit") ?? "5" });
    for (const name of FILTERS) {
      const value = this.getAttribute(name);
      if (value) params.set(name.replace("-", "_"), value);
    }
    return params;
  }

  #later() {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#ask(false), PAUSE);
  }

  async #ask(again) {
    clearTimeout(this.#timer);
    const q = this.#input.value.trim();
    if (!q) {
      this.#clear();
      return;
    }
    if (q === this.#asking || (q === this.#asked && !again)) return;
    this.#asked = q;
    this.#asking = q;
    this.#panel.hidden = false;
    this.#hits.setAttribute("aria-busy", "true");
    if (!this.#hits.children.length) this.#tell("loading", this.#words.loading);
    try {
      const answer = await this.#ready().ask(this.#params(q));
      if (!answer) return;
      this.#show(answer);
    } catch (refusal) {
      this.#hits.replaceChildren();
      this.#tell(refusal.kind, this.#words[refusal.kind] ?? this.#words.down);
      this.#emit("sanad-error", { kind: refusal.kind, status: refusal.status ?? 0 });
    }
    this.#asking = "";
    this.#hits.removeAttribute("aria-busy");
  }

  #show(answer) {
    const speech = new Speech(this.#ui, this.#words);
    const link = (href) => this.#page(href);
    this.#hits.replaceChildren(
      ...answer.hits.map((hit) => {
        const item = hitItem(this.#blank, hit, speech, link);
        const title = item.querySelector("a");
        title.addEventListener("click", (event) => {
          if (!this.#emit("sanad-select", { hit, href: title.href })) event.preventDefault();
        });
        return item;
      }),
    );
    if (!answer.hits.length) this.#tell("none", this.#words.none);
    else if (answer.answerable === false) this.#tell("weak", this.#words.weak);
    else this.#tell("answered", speech.count(answer.hits.length));
    this.#emit("sanad-answer", { answer });
  }

  #tell(state, text) {
    this.#state.dataset.state = state;
    this.#state.textContent = text;
  }

  #emit(name, detail) {
    return this.dispatchEvent(new CustomEvent(name, { detail, bubbles: true, composed: true, cancelable: true }));
  }

  #clear() {
    this.#client?.drop();
    this.#asked = "";
    this.#asking = "";
    this.#hits.replaceChildren();
    this.#tell("empty", "");
    this.#panel.hidden = true;
  }

  #close() {
    if (!this.hasAttribute("inline")) this.#panel.hidden = true;
  }

  #press(event) {
    if (event.isComposing || event.ctrlKey || event.metaKey || event.altKey) return;
    const links = [...this.#hits.querySelectorAll("h3 a")];
    const focused = this.shadowRoot.activeElement;
    const at = links.indexOf(focused);
    if (event.key === "ArrowDown" && (focused === this.#input || at >= 0)) {
      this.#panel.hidden = !this.#asked;
      links[at + 1]?.focus();
    } else if (event.key === "ArrowUp" && at >= 0) {
      (links[at - 1] ?? this.#input).focus();
    } else if (event.key === "Escape" && !this.#panel.hidden && !this.hasAttribute("inline")) {
      this.#input.focus();
      this.#close();
    } else if (event.key === "Escape" && this.#input.value) {
      this.#input.value = "";
      this.#clear();
    } else {
      return;
    }
    event.preventDefault();
    event.stopPropagation();
  }
}

customElements.define("sanad-search", SanadSearch);
