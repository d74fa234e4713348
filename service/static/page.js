/** The search page, enhanced: results as one types, the keyboard, the back button. Without it the form still works. */

import { Client } from "./client.js";
import { hitItem, Speech } from "./hits.js";
import { keys } from "./keys.js";

const PAUSE = 250;
const form = document.getElementById("box");
const input = document.getElementById("q");
const results = document.getElementById("results");
const filters = document.getElementById("filters");

enhance();
keys(input);

function enhance() {
  const words = JSON.parse(results.dataset.words);
  const speech = new Speech(document.documentElement.lang, words);
  const client = new Client(form.dataset.api);
  const blank = document.getElementById("hit");
  const list = document.getElementById("hits");
  const state = document.getElementById("state");
  const pages = document.getElementById("pages");
  const clear = document.getElementById("clear");
  const ui = new URLSearchParams(location.search).get("ui");
  let timer = 0;
  let composing = false;
  let shown = asked();
  let asking = null;

  function asked() {
    const fields = [...new FormData(form)].filter(([name, value]) => name !== "ui" && value.trim());
    return new URLSearchParams(fields.map(([name, value]) => [name, value.trim()])).toString();
  }

  function address(query) {
    const params = new URLSearchParams(query);
    if (ui) params.set("ui", ui);
    return params.size ? `${form.action}?${params}` : form.action;
  }

  function tell(kind, ...lines) {
    state.dataset.state = kind;
    state.replaceChildren(
      ...lines.map(([name, text]) => {
        const line = document.createElement("p");
        line.className = name;
        line.textContent = text;
        return line;
      }),
    );
  }

  function tellWords(kind) {
    tell(kind, ["what", words[kind]], ["why", words[`${kind}_more`]]);
  }

  function link(href) {
    if (!ui) return href;
    const [path, hash = ""] = href.split("#");
    return `${path}?ui=${ui}${hash && `#${hash}`}`;
  }

  function empty() {
    client.drop();
    asking = null;
    list.replaceChildren();
    list.removeAttribute("aria-busy");
    pages.hidden = true;
    tell("empty");
    document.body.classList.toggle("empty", true);
    document.title = words.brand;
  }

  function show(answer, query) {
    const { hits } = answer;
    list.replaceChildren(...hits.map((hit) => hitItem(blank, hit, speech, link)));
    if (!hits.length) tellWords("none");
    else if (answer.answerable === false) tellWords("weak");
    else tell("answered", ["count", speech.count(hits.length)]);
    const more = document.createElement("a");
    more.rel = "next";
    more.textContent = words.more;
    const limit = 10;
    more.href = `${address(query)}&offset=${limit}`;
    pages.hidden = hits.length < limit;
    pages.replaceChildren(more);
  }

  function refuse(kind) {
    list.replaceChildren();
    pages.hidden = true;
    tellWords(kind);
    if (kind === "invalid") return;
    const again = document.createElement("a");
    again.className = "retry";
    again.href = location.href;
    again.textContent = words.retry;
    state.append(again);
  }

  function wait() {
    document.body.classList.remove("empty");
    list.setAttribute("aria-busy", "true");
    if (list.children.length) return;
    tell("loading", ["unseen", words.loading]);
    list.replaceChildren(...Array.from({ length: 3 }, skeleton));
  }

  async function ask(query) {
    if (query === asking) return; // typed, then Enter: the answer is on its way
    asking = query;
    shown = query;
    if (!new URLSearchParams(query).has("q")) {
      empty();
      return;
    }
    document.title = `${new URLSearchParams(query).get("q")} · ${words.brand}`;
    wait();
    try {
      const answer = await client.ask(query);
      if (!answer) return;
      show(answer, query);
    } catch (refusal) {
      refuse(refusal.kind in words ? refusal.kind : "down");
    }
    asking = null;
    list.removeAttribute("aria-busy");
  }

  // As one types the address is replaced; Enter makes a new entry, so Back leads to the last question asked.
  function go(keep) {
    clearTimeout(timer);
    const query = asked();
    if (keep || !new URLSearchParams(location.search).has("q")) history.pushState(null, "", address(query));
    else history.replaceState(null, "", address(query));
    if (query !== shown || state.dataset.state !== "answered") ask(query);
  }

  /** The address's fields into the form: what Back and Forward lead to. */
  function restore() {
    const params = new URLSearchParams(location.search);
    for (const field of form.elements) {
      if (!field.name || field.name === "ui") continue;
      const value = params.get(field.name) ?? "";
      if (field.type === "checkbox") field.checked = value === field.value;
      else field.value = value;
    }
    filtering();
    ask(asked());
  }

  function filtering() {
    const fields = [...filters.querySelectorAll("[name]")];
    clear.hidden = !fields.some((field) => (field.type === "checkbox" ? field.checked : field.value));
    return fields;
  }

  input.addEventListener("compositionstart", () => (composing = true));
  input.addEventListener("compositionend", () => {
    composing = false;
    later();
  });
  input.addEventListener("input", () => composing || later());
  function later() {
    clearTimeout(timer);
    timer = setTimeout(() => asked() !== shown && go(false), PAUSE);
  }
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    go(address(asked()) !== location.href);
  });
  addEventListener("popstate", restore);
  filters.addEventListener("change", () => {
    filtering();
    if (input.value.trim()) go(true);
  });
  clear.addEventListener("click", () => {
    for (const field of filtering()) {
      if (field.type === "checkbox") field.checked = false;
      else field.value = "";
    }
    filtering();
    if (input.value.trim()) go(true);
  });
  filtering();
}

function skeleton() {
  const item = document.createElement("li");
  item.className = "skeleton";
  item.append(...Array.from({ length: 4 }, () => document.createElement("i")));
  return item;
}
