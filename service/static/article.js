/** The article page, enhanced: a citation of the marked paragraph to copy, and paragraphs like it. */

import { Client } from "./client.js";
import { hitItem, Speech } from "./hits.js";
import { keys } from "./keys.js";

const main = document.querySelector("main");
const words = JSON.parse(main.dataset.words);
const speech = new Speech(document.documentElement.lang, words);
const client = new Client(main.dataset.api);
const ui = new URLSearchParams(location.search).get("ui");
const whole = new Map([...document.querySelectorAll("[data-citation]")].map((line) => [line, line.textContent]));

/** The paragraph that the address names, or null. */
function marked() {
  return document.getElementById(location.hash.slice(1))?.closest(".passage") ?? null;
}

function link(href) {
  if (!ui) return href;
  const [path, hash = ""] = href.split("#");
  return `${path}?ui=${ui}${hash && `#${hash}`}`;
}

function cite() {
  const passage = marked();
  for (const [line, text] of whole) {
    const name = line.dataset.citation === "ar" ? "citeAr" : "citeEn";
    line.textContent = passage?.dataset[name] ?? text;
  }
  document.getElementById("copied").textContent = "";
}

async function copy(lang) {
  const line = document.querySelector(`[data-citation="${lang}"]`);
  const text = `${line.textContent} ${location.origin}${location.pathname}${marked() ? location.hash : ""}`;
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    // Without https there is no clipboard: select the line, for the reader to copy.
    getSelection().selectAllChildren(line);
    return;
  }
  document.getElementById("copied").textContent = words.copied;
}

async function showSimilar() {
  const section = document.getElementById("similar");
  const paragraph = marked()?.id.slice(1) ?? "1";
  try {
    const answer = await client.ask(new URLSearchParams({ paragraph, limit: 5 }));
    if (!answer) return;
    const blank = document.getElementById("hit");
    const items = answer.hits.map((hit) => hitItem(blank, hit, speech, link));
    document.getElementById("hits").replaceChildren(...items);
    section.hidden = !items.length;
  } catch {
    section.hidden = true; // The article is what the reader came for; it needs no apology.
  }
}

function follow() {
  cite();
  showSimilar();
}

for (const button of document.querySelectorAll("[data-copy]")) {
  button.hidden = false;
  button.addEventListener("click", () => copy(button.dataset.copy));
}
addEventListener("hashchange", follow);
follow();
keys(document.getElementById("q"));
