"use strict";
// Without this the page reads the same.
const all = (what, inside = document) => [...inside.querySelectorAll(what)];
const form = document.querySelector("#filter");
const checks = all("#findings .check");

const show = () => {
  const { text, severity, family, subject } = Object.fromEntries(new FormData(form));
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  const has = (node) => words.every((word) => node.textContent.toLowerCase().includes(word));
  let shown = 0;
  for (const check of checks) {
    const fits = (!severity || check.dataset.severity === severity) && (!family || check.dataset.family === family);
    const named = fits && has(check.querySelector("summary"));
    let count = 0;
    for (const article of all("article", check)) {
      const told = named || (fits && has(article));
      let own = 0;
      for (const item of all(".whose > li", article)) {
        item.hidden = !told || (subject && item.dataset.subject !== subject);
        own += item.hidden ? 0 : 1;
      }
      article.hidden = own === 0;
      count += own;
    }
    check.hidden = count === 0;
    check.querySelector(".count").textContent = `${count} ${count === 1 ? "finding" : "findings"}`;
    if (count > 0 && (words.length > 0 || subject)) check.open = true;
    shown += count;
  }
  form.elements.count.value = `${shown} shown`;
  document.querySelector("#no-match").hidden = shown > 0;
};

if (form) {
  const add = (select, values) => values.forEach(([value, name]) => select.add(new Option(name, value)));
  const had = (name) => [...new Set(checks.map((check) => check.dataset[name]))].map((value) => [value, value]);
  const subjects = all("#subjects tbody th a").map((a) => [a.hash.slice(2), [...a.parentNode.children].map((it) => it.textContent).join(" ")]);
  subjects.sort(([, one], [, other]) => one.localeCompare(other));
  add(form.elements.severity, had("severity"));
  add(form.elements.family, had("family").sort());
  add(form.elements.subject, subjects);
  form.hidden = false;
  form.addEventListener("input", show);
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("reset", () => setTimeout(show));
  show();
}

// A number of the overview leads to its findings.
document.addEventListener("click", (event) => {
  const link = event.target.closest("a[data-severity], a[data-family]");
  if (!link || !form) return;
  form.reset();
  for (const [name, value] of Object.entries(link.dataset)) form.elements[name].value = value;
  show();
});

// What a link leads to is opened.
const reveal = () => {
  let node = document.getElementById(decodeURIComponent(location.hash.slice(1)));
  const aim = node;
  if (node?.closest("[hidden]") && form) { form.reset(); show(); }
  for (; node; node = node.parentElement) if (node.tagName === "DETAILS") node.open = true;
  aim?.scrollIntoView();
};
addEventListener("hashchange", reveal);
if (location.hash) reveal();

// On paper nothing can be opened.
let closed = [];
addEventListener("beforeprint", () => { closed = all("details:not([open])"); closed.forEach((it) => { it.open = true; }); });
addEventListener("afterprint", () => { closed.forEach((it) => { it.open = false; }); });

for (const table of all("table.sortable")) {
  const [body] = table.tBodies;
  all("thead th", table).forEach((head, column) => {
    const button = document.createElement("button");
    button.type = "button";
    button.append(...head.childNodes);
    head.append(button);
    button.addEventListener("click", () => {
      const down = head.classList.contains("n") || head.classList.contains("bar") ? head.ariaSort !== "descending" : head.ariaSort === "ascending";
      all("thead th", table).forEach((other) => other.removeAttribute("aria-sort"));
      head.setAttribute("aria-sort", down ? "descending" : "ascending");
      const key = (row) => row.cells[column].dataset.sort ?? row.cells[column].textContent;
      const by = (one, other) => key(one).localeCompare(key(other), undefined, { numeric: true });
      body.append(...[...body.rows].sort((one, other) => (down ? -by(one, other) : by(one, other))));
    });
  });
}
