/** Hits of an answer → list items, made from the blank in the page. Text is only ever set as text. */

import { setMarked } from "./marks.js";

const DIRS = { ar: "rtl", en: "ltr" };

/** Language of a short text by the script most of its letters have. */
export function langOf(text) {
  const arabic = text.match(/\p{Script=Arabic}/gu)?.length ?? 0;
  const latin = text.match(/\p{Script=Latin}/gu)?.length ?? 0;
  if (!arabic && !latin) return "und";
  return arabic >= latin ? "ar" : "en";
}

/** Formats numbers, dates and counts as the interface's language does. */
export class Speech {
  constructor(ui, words) {
    const locale = ui === "ar" ? "ar-u-nu-arab-ca-gregory" : "en-GB";
    this.words = words;
    this.#numbers = new Intl.NumberFormat(locale, { useGrouping: false });
    this.#days = new Intl.DateTimeFormat(locale, { day: "numeric", month: "long", year: "numeric", timeZone: "UTC" });
    this.#plurals = new Intl.PluralRules(ui);
  }

  #numbers;
  #days;
  #plurals;

  number(n) {
    return this.#numbers.format(n);
  }

  day(iso) {
    const when = new Date(`${iso.slice(0, 10)}T00:00:00Z`);
    return Number.isNaN(when.valueOf()) ? "" : this.#days.format(when);
  }

  count(n) {
    const forms = this.words.hits;
    return (forms[this.#plurals.select(n)] ?? forms.other).replace("{n}", this.number(n));
  }
}

/** A list item for the hit. `link` turns its href into the page's own. */
export function hitItem(blank, hit, speech, link) {
  const item = blank.content.firstElementChild.cloneNode(true);
  const part = (name) => item.querySelector(`[data-f="${name}"]`);
  const { article, locator } = hit;
  const set = (name, text, box = part(name)) => {
    if (!text) {
      (box.closest("li, p") === item ? box : box.closest(".meta li, p, h2")).remove();
      return;
    }
    const lang = langOf(text);
    if (lang !== "und") box.lang = lang;
    (box.querySelector("bdi") ?? box).textContent = text;
  };

  item.dir = hit.dir;
  const title = part("title");
  set("title", article.title);
  title.href = link(locator.href);
  title.dir = DIRS[langOf(article.title)] ?? "auto";
  for (const name of ["publisher", "author", "section"]) set(name, article[name]);
  set("date", article.published_at && speech.day(article.published_at));
  part("date")?.setAttribute("datetime", article.published_at);
  part("date")?.removeAttribute("lang");
  part("paragraph").textContent = speech.words.paragraph.replace("{n}", speech.number(locator.paragraph));
  const relevance = hit.relevance === null ? "" : speech.number(Math.round(hit.relevance * 100));
  set("relevance", relevance && speech.words.relevance.replace("{n}", relevance));
  part("relevance")?.removeAttribute("lang");
  set("heading", locator.heading);
  if (locator.heading) part("heading").dir = DIRS[langOf(locator.heading)] ?? "auto";
  const text = part("text");
  text.lang = hit.lang;
  text.dir = hit.dir;
  setMarked(text, hit.text, hit.highlights);
  alsoIn(part("also"), hit, link);
  return item;
}

function alsoIn(box, hit, link) {
  if (!hit.also_in.length) {
    box.closest("p").remove();
    return;
  }
  const folder = hit.locator.href.slice(0, hit.locator.href.lastIndexOf("/"));
  hit.also_in.forEach((article, place) => {
    const anchor = document.createElement("a");
    anchor.href = link(`${folder}/${encodeURIComponent(article.id)}`);
    const title = document.createElement("bdi");
    title.textContent = article.title;
    anchor.append(title);
    box.append(...(place ? [" · ", anchor] : [anchor]));
  });
}
