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

/** `[[piece, isMarked], …]`; joined they are the text. */
export function pieces(text, spans) {
  const sorted = [...spans].sort((a, b) => a.start - b.start || a.end - b.end);
  const units = utf16(text, sorted.flatMap(({ start, end }) => [start, end]).sort((a, b) => a - b));
  const found = [];
  let reached = 0;
  for (const span of sorted) {
    const start = Math.max(units.get(span.start), reached);
    const end = units.get(span.end);
    if (start >= end) continue;
    if (start > reached) found.push([text.slice(reached, start), false]);
    found.push([text.slice(start, end), true]);
    reached = end;
  }
  if (reached < text.length) found.push([text.slice(reached), false]);
  return found;
}

/** The text in `element`, its spans marked. */
export function setMarked(element, text, spans) {
  element.replaceChildren(
    ...pieces(text, spans).map(([piece, marked]) => {
      if (!marked) return document.createTextNode(piece);
      const mark = document.createElement("mark");
      mark.textContent = piece;
      return mark;
    }),
  );
}
