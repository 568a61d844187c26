// Filters, sorts and unfolds the list of a page. The page says everything without it.
const find = (id) => document.getElementById(id);
if (find("list")) filters(find("list"));
unfolds();

// Details may stand in the page for browsers without script alone, and be nothing to others until they are
// wanted.
function unfolds() {
  // The event does not bubble, but can be caught on its way down.
  document.addEventListener("toggle", ({ target }) => {
    const kept = target.querySelector("noscript");
    // Escaped as everything else in the page, and nothing but its policy's own script runs.
    if (kept) kept.outerHTML = kept.textContent;
  }, true);
}

function filters(list) {
  const [search, on, sort, shown] = ["search", "on", "sort", "shown"].map(find);
  const chips = [...document.querySelectorAll(".chip")];
  const items = [...list.children].map((item, at) => ({ item, at, data: item.dataset }));
  const text = (of) => (of.text ??= of.item.querySelector("summary").textContent.toLowerCase());
  const filter = () => {
    const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    const kinds = new Set(chips.filter((c) => c.getAttribute("aria-pressed") === "true").map((c) => c.dataset.kind));
    const fits = (of) =>
      kinds.has(of.data.kind) && (!on?.value || of.data.on === on.value) && words.every((w) => text(of).includes(w));
    const fitting = items.filter(fits);
    // All at once: hiding them one by one takes browsers seconds where there are a thousand.
    list.replaceChildren(...fitting.map(({ item }) => item));
    shown.textContent = fitting.length === items.length ? "" : `${fitting.length} of ${items.length} shown`;
  };
  // An option says what it sorts by, and whether as text or the most first.
  const resort = () => {
    const { value, dataset } = sort.selectedOptions[0];
    const order = {
      text: (a, b) => a.data[value].localeCompare(b.data[value]),
      most: (a, b) => (b.data[value] || 0) - (a.data[value] || 0),
      least: (a, b) => a.data[value] - b.data[value],
      place: () => 0,
    }[dataset.as];
    items.sort((a, b) => order(a, b) || a.at - b.at);
  };
  search.addEventListener("input", filter);
  on?.addEventListener("change", filter);
  sort.addEventListener("change", () => { resort(); filter(); });
  for (const chip of chips) {
    chip.disabled = false;
    chip.addEventListener("click", () => {
      chip.setAttribute("aria-pressed", chip.getAttribute("aria-pressed") !== "true");
      filter();
    });
  }
  find("tools").hidden = false;
  // What a browser keeps of the form over a reload counts.
  if (sort.selectedIndex > 0) resort();
  if (search.value || on?.value || sort.selectedIndex > 0) filter();
}
