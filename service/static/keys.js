/** The keyboard: `/` to the box, arrows through the hits, Escape back to the box and then to an empty one. */

const LINKS = ".search:not(.empty) .hit h2 a, .empty .examples a, .similar .hit h2 a";

export function keys(input) {
  const links = () => [...document.querySelectorAll(LINKS)];
  addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    const focused = document.activeElement;
    const inBox = focused === input;
    const at = links().indexOf(focused);
    if (event.key === "/" && !focused.matches("input, select, textarea")) {
      input.focus();
      input.select();
    } else if (event.key === "ArrowDown" && (inBox || at >= 0)) {
      links()[at + 1]?.focus();
    } else if (event.key === "ArrowUp" && at >= 0) {
      (links()[at - 1] ?? input).focus();
    } else if (event.key === "Escape" && at >= 0) {
      input.focus();
    } else if (event.key === "Escape" && inBox && input.value) {
      input.value = "";
      input.dispatchEvent(new Event("input"));
    } else {
      return;
    }
    event.preventDefault();
  });
}
