/* Opens cards, turns the order of the GEOIDs, finds one, repaints the map. All texts come from the data, set as text. */
(function () {
  "use strict";
  const data = JSON.parse(document.getElementById("displacement-data").textContent);
  const byId = (id) => document.getElementById(id);
  const card = byId("card");
  const body = byId("rows").tBodies[0];
  let from = null;

  function make(tag, attributes, ...children) {
    const node = document.createElement(tag);
    for (const [key, value] of Object.entries(attributes || {})) {
      if (key === "class") node.className = value;
      else node.setAttribute(key, value);
    }
    for (const child of children.flat(3)) if (child !== null && child !== "") node.append(child);
    return node;
  }
  const word = (holds) => (holds === null ? "– cannot be told" : holds ? "● yes" : "○ no");
  function table(heads, rows) {
    const head = make("tr", {}, heads.map((told, i) => make("th", { scope: "col", class: "w" + (i + 1) }, told)));
    const lines = rows.map((cells) => make("tr", {}, cells.map((told, i) => make(i ? "td" : "th", i ? {} : { scope: "row" }, told))));
    return make("table", {}, make("thead", {}, head), make("tbody", {}, lines));
  }
  function bar(width) {
    const NS = "http://www.w3.org/2000/svg";
    const svg = document.createElementNS(NS, "svg");
    for (const [k, v] of Object.entries({ viewBox: "0 0 100 8", preserveAspectRatio: "none", "aria-hidden": "true" })) svg.setAttribute(k, v);
    for (const [kind, size] of [["track", 100], ["fill", width]]) {
      const box = document.createElementNS(NS, "rect");
      for (const [k, v] of Object.entries({ class: kind, width: size, height: 8 })) box.setAttribute(k, v);
      svg.append(box);
    }
    return svg;
  }

  // ------------------------------------------------------------------------------------------------ the card
  function part(one) {
    const rows = one.lines.map(([id, value, holds, p, needed]) => [
      data.titles[id] || id, make("span", {}, value, make("br"), make("i", {}, data.rules[id] || "")), word(holds) + (p === "–" ? "" : ", " + p), needed,
    ]);
    return [
      make("h4", {}, data.parts[one.part].split(":")[0], one.said ? make("b", {}, ": " + one.said) : ""),
      one.note ? make("p", { class: "small" }, one.note) : "",
      table(["Condition", "Value; holds if", "Holds, chance", "To go"], rows),
    ];
  }
  function stage(one) {
    const bars = one.bars.map(([name, told, width]) => make("li", {}, make("span", {}, name), bar(width), make("span", {}, told)));
    return [
      make("dt", {}, "By " + data.variants[one.variant] + ": ", make("b", {}, one.stage), " (" + [one.chance, one.label].join(", ") + ")"),
      make("dd", {}, ["market: " + one.market, "vulnerable and under pressure: " + one.pressed, one.next, one.stood_in ? "rents stand in for home values" : ""].filter(Boolean).join("; "),
        bars.length ? make("ul", { class: "bars" }, bars) : ""),
    ];
  }
  function opinion(one) {
    const rows = one.lines.map(([name, value, rule, holds]) => [name, value, rule, word(holds)]);
    return [make("h4", {}, one.title, make("b", {}, ": " + one.said)), rows.length ? table(["Condition", "Value", "Holds if", "Holds"], rows) : ""];
  }
  function show(geoid, opener) {
    const one = data.cards[geoid];
    if (!one) return;
    from = opener;
    const close = make("button", { type: "button", class: "close" }, "Close");
    close.addEventListener("click", hide);
    const parts = [
      make("div", { class: "top" }, make("h3", { id: "card-title" }, "Tract " + geoid), close),
      make("p", { class: "small" }, one.homes),
      one.excluded ? make("p", { class: "caveat" }, "Not classed: " + one.excluded) : "",
      one.caveats.map((told) => make("p", { class: "caveat" }, told)),
      (one.parts || []).map(part),
      one.stages ? [make("h4", {}, "Stage, with its chances"), make("dl", {}, one.stages.map(stage))] : "",
      one.flips ? [make("h4", {}, "What would change a class, each alone"), one.flips.length
        ? make("dl", {}, one.flips.map(([what, then]) => [make("dt", {}, what), make("dd", {}, then)]))
        : make("p", { class: "small" }, "No single condition would.")] : "",
      one.opinions.map(opinion),
    ];
    card.replaceChildren(...parts.flat(3).filter((node) => node !== ""));
    for (const node of document.querySelectorAll(".chosen")) node.classList.remove("chosen");
    for (const node of document.querySelectorAll("[data-geoid='" + CSS.escape(geoid) + "']")) {
      node.classList.add("chosen");
      if (node.tagName === "path") node.parentNode.insertBefore(node, node.parentNode.querySelector(".outline"));
    }
    card.focus({ preventScroll: true });
    if (card.getBoundingClientRect().top > innerHeight - 120 || card.getBoundingClientRect().top < 0) card.scrollIntoView({ block: "start" });
  }
  function hide() {
    card.replaceChildren(make("p", { class: "hint" }, "Choose a tract: its card stands here."));
    for (const node of document.querySelectorAll(".chosen")) node.classList.remove("chosen");
    if (from) from.focus();
  }
  card.addEventListener("keydown", (event) => { if (event.key === "Escape") hide(); });
  body.addEventListener("click", (event) => {
    const button = event.target.closest("button.open");
    if (button) show(button.closest("tr").dataset.geoid, button);
  });
  for (const path of document.querySelectorAll(".map path.tract")) {
    path.addEventListener("click", () => show(path.dataset.geoid, body.querySelector("tr[data-geoid='" + CSS.escape(path.dataset.geoid) + "'] button")));
  }

  // ------------------------------------------------------------------------------------------------ the table
  let rising = null;
  byId("turn").addEventListener("click", () => {
    rising = rising !== true;
    const rows = [...body.rows].sort((a, b) => (a.dataset.geoid < b.dataset.geoid ? -1 : 1) * (rising ? 1 : -1));
    body.append(...rows);
    byId("by-geoid").setAttribute("aria-sort", rising ? "ascending" : "descending");
  });
  byId("find").addEventListener("input", (event) => {
    const sought = event.target.value.trim();
    let n = 0;
    for (const row of body.rows) {
      row.hidden = !row.dataset.geoid.includes(sought);
      if (!row.hidden) n += 1;
    }
    byId("found").textContent = sought ? n + " of " + body.rows.length + " tracts" : "";
  });

  // ------------------------------------------------------------------------------------------------ the map
  const choices = [...document.querySelectorAll(".choice [data-paint]")];
  function paint(button) {
    const way = button.dataset.paint;
    for (const one of choices) {
      one.setAttribute("aria-checked", String(one === button));
      one.tabIndex = one === button ? 0 : -1;
    }
    for (const path of document.querySelectorAll(".map path.tract")) path.setAttribute("fill", data.fills[way][path.dataset.geoid]);
    for (const list of document.querySelectorAll(".legend")) list.hidden = list.dataset.paint !== way;
    button.focus({ preventScroll: true });
  }
  for (const button of choices) {
    button.addEventListener("click", () => paint(button));
    button.addEventListener("keydown", (event) => {
      const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
      if (!step) return;
      event.preventDefault();
      paint(choices[(choices.indexOf(button) + step + choices.length) % choices.length]);
    });
  }
  let opened = [];
  addEventListener("beforeprint", () => {
    opened = [...document.querySelectorAll("details:not([open])")];
    for (const one of opened) one.open = true;
  });
  addEventListener("afterprint", () => { for (const one of opened) one.open = false; });
  document.documentElement.dataset.ready = "true";
})();
