
// Draws the histories of checks larger, and says what they were.
let data;
charts(() => (data ??= JSON.parse(find("figures").textContent)));

function charts(figures) {
  const draw = (figure) => {
    const { runs, checks } = figures();
    const data = checks[figure.dataset.at];
    if (data && !figure.dataset.drawn) {
      figure.dataset.drawn = "yes";
      chart(figure, data, runs);
    }
  };
  // What is there already will do until the page has been shown.
  (window.requestIdleCallback ?? setTimeout)(() => document.querySelectorAll("article .chart").forEach(draw));
  // The event does not bubble, but can be caught on its way down.
  document.addEventListener("toggle", (event) => {
    if (event.target.open) event.target.querySelectorAll(".chart").forEach(draw);
  }, true);
}

function chart(figure, [share, base, unit, packed, ranges], runs) {
  const [wide, tall, margin] = [1000, 88, 8];
  const each = packed.flatMap((p) => (Array.isArray(p) ? Array(p[1]).fill(p[0]) : [p]));
  const figures = each.map((f) => (f === null || base === null ? f : base - f * unit));
  const bad = ranges.flatMap((r) => (Array.isArray(r) ? Array.from({ length: r[1] }, (_, at) => r[0] + at) : [r]));
  const known = figures.filter((f) => f !== null);
  const low = Math.min(...known), high = Math.max(...known);
  const x = (at) => (at / Math.max(figures.length - 1, 1)) * wide;
  const y = (f) => tall - margin - ((f - low) / (high - low)) * (tall - 2 * margin);
  const svg = figure.querySelector("svg");
  const make = (name, attributes) => {
    const made = document.createElementNS("http://www.w3.org/2000/svg", name);
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
    return made;
  };
  let path = "", pen = false;
  figures.forEach((f, at) => {
    if (f !== null) path += `${pen ? "L" : "M"}${x(at).toFixed(1)} ${y(f).toFixed(1)}`;
    pen = f !== null;
  });
  const cursor = make("line", { class: "cursor", y1: 0, y2: tall, x1: -9, x2: -9 });
  const dots = bad.filter((at) => figures[at] !== null).map((at) => `M${x(at).toFixed(1)} ${y(figures[at]).toFixed(1)}h0`).join("");
  svg.setAttribute("viewBox", `-8 0 ${wide + 16} ${tall}`);
  svg.replaceChildren(make("path", { d: path }), make("path", { d: dots, class: "fails" }), cursor);
  const told = document.createElement("output");
  figure.append(told);
  const text = (f) => {
    if (f === null) return "no figure";
    if (share) return `${(f * 100).toLocaleString("en", { maximumFractionDigits: 4 })} %`;
    return f.toLocaleString("en", { maximumSignificantDigits: 6 });
  };
  const failed = new Set(bad);
  let at = figures.length - 1;
  const point = (to) => {
    at = Math.min(Math.max(to, 0), figures.length - 1);
    cursor.setAttribute("x1", x(at));
    cursor.setAttribute("x2", x(at));
    told.textContent = `${runs[at][1]}  ${text(figures[at])}${failed.has(at) ? ", not passed" : ""}  (run ${runs[at][0]})`;
  };
  svg.addEventListener("pointermove", (event) => {
    const box = svg.getBoundingClientRect();
    point(Math.round(((event.clientX - box.left) / box.width) * (figures.length - 1)));
  });
  svg.removeAttribute("aria-hidden");
  svg.setAttribute("tabindex", "0");
  svg.setAttribute("role", "img");
  svg.setAttribute("aria-label", "history; the arrow keys go from run to run");
  svg.addEventListener("keydown", (event) => {
    const by = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (by) { event.preventDefault(); point(at + by); }
  });
  point(at);
}
