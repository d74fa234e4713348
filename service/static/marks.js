/** Spans in code points → pieces of a text, as text nodes and <mark> elements. */

/** UTF-16 offsets of the code points at `wanted` (ascending); JavaScript strings count surrogates twice. */
function utf16(text, wanted) {
  const found = new Map();
  let unit = 0;
  let point = 0;
  for (const place of wanted) {
    while (point < place && unit < text.length) {
      unit += text.codePointAt(unit) > 0xffff ? 2 : 1;
      point += 1;
    }
    found.set(place, unit);
  }
  return found;
}

/** `[[piece, depth], …]`; joined they are the text. A word marked in a marked sentence has depth 2, the deepest. */
export function pieces(text, spans) {
  const wanted = [0, Infinity, ...spans.flatMap(({ start, end }) => (start < end ? [start, end] : []))];
  const bounds = [...new Set(wanted)].sort((a, b) => a - b);
  const units = utf16(text, bounds);
  const found = [];
  for (let at = 1; at < bounds.length; at += 1) {
    const [first, last] = [bounds[at - 1], bounds[at]];
    const piece = text.slice(units.get(first), units.get(last));
    if (!piece) continue;
    const depth = Math.min(spans.filter(({ start, end }) => start <= first && last <= end).length, 2);
    if (found.at(-1)?.[1] === depth) found.at(-1)[0] += piece;
    else found.push([piece, depth]);
  }
  return found;
}

/** The text in `element`, its spans marked. */
export function setMarked(element, text, spans) {
  element.replaceChildren(
    ...pieces(text, spans).map(([piece, depth]) => {
      if (!depth) return document.createTextNode(piece);
      const mark = document.createElement("mark");
      if (depth > 1) mark.className = "word";
      mark.textContent = piece;
      return mark;
    }),
  );
}
