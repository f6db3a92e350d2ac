"use strict";
// The page is whole without this: tables stand in their order, and what is folded opens by hand.
const text = (row, column) => row.cells[column].textContent.trim();
const isFigure = (words) => /^[+-]?\d/.test(words);
const isMissing = (words) => !words || words === "-" || words.startsWith("no finding") || words.startsWith("too few");

// Scores of several seeds stand beside each other, and count as their mean; of "0.48 [0.35, 0.60]" the first counts.
function figure(words) {
  const numbers = words.split(/\s+/).map(Number);
  if (numbers.some(Number.isNaN)) return parseFloat(words);
  return numbers.reduce((sum, number) => sum + number, 0) / numbers.length;
}

function sorted(rows, column, way) {
  const known = rows.filter((row) => !isMissing(text(row, column)));
  const compare = known.every((row) => isFigure(text(row, column)))
    ? (a, b) => figure(text(a, column)) - figure(text(b, column))
    : (a, b) => text(a, column).localeCompare(text(b, column), undefined, { numeric: true });
  known.sort((a, b) => (way === "ascending" ? compare(a, b) : compare(b, a)));
  return [...known, ...rows.filter((row) => isMissing(text(row, column)))];
}

for (const table of document.querySelectorAll("table")) {
  const body = table.tBodies[0];
  const original = [...body.rows];
  table.querySelectorAll("thead button").forEach((button) => {
    const header = button.closest("th");
    const next = { null: "ascending", ascending: "descending", descending: null };
    button.disabled = false;
    button.addEventListener("click", () => {
      const way = next[header.getAttribute("aria-sort")];
      table.querySelectorAll("th[aria-sort]").forEach((other) => other.removeAttribute("aria-sort"));
      if (way) header.setAttribute("aria-sort", way);
      body.append(...(way ? sorted(original, header.cellIndex, way) : original));
    });
  });
}

function open() {
  const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
  const folded = target && target.closest("details:not([open])");
  if (!folded) return;
  folded.open = true;
  target.scrollIntoView();
}
addEventListener("hashchange", open);
open();

addEventListener("beforeprint", () => {
  for (const folded of document.querySelectorAll("details:not([open])")) {
    folded.open = true;
    folded.dataset.folded = "";
  }
});
addEventListener("afterprint", () => {
  for (const folded of document.querySelectorAll("details[data-folded]")) {
    folded.open = false;
    delete folded.dataset.folded;
  }
});
