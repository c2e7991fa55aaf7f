/* What is shown: categories and indicators as two rows of choices, the legend, the words above and the table below. */
(function (page) {
  "use strict";
  const { data, map, make, draw, byId } = page;

  // ------------------------------------------------------------------------------------------------ legend
  page.swatch = function (paint) {
    const box = draw("rect", { width: "100%", height: "100%", fill: paint, stroke: "#8b8780" });
    return draw("svg", { width: 34, height: 15, "aria-hidden": "true" }, box);
  };
  const areas = (n) => page.word(n === 1 ? "area" : "areas", { n });
  page.classes = (row) => row.labels.map((label, k) => {
    const paint = k === row.hatched ? "url(#hatch-" + row.shades[k] + ")" : data.ramp[row.shades[k]];
    return make("li", {}, page.swatch(paint), page.put(make("span", {}), label), make("i", {}, areas(row.counts[k])));
  });
  page.signs = function (row) {
    const found = [];
    for (const kind of ["low", "even"]) {
      if (!row[kind]) continue;
      const shade = row.shades.length ? row.shades[Math.floor((row.shades.length - 1) / 2)] : 2;
      const words = page.word("hatched", { what: page.texts().reliability[kind] });
      found.push(make("li", { class: "hatched" }, page.swatch("url(#hatch-" + shade + ")"), make("span", {}, words), make("i", {}, areas(row[kind]))));
    }
    if (row.absent) found.push(make("li", { class: "none" }, page.swatch("url(#no-number)"), make("span", {}, page.word("dotted")), make("i", {}, areas(row.absent))));
    return found;
  };
  page.notes = function (row) {
    const named = { areas: page.told(data.levels[row.level].title), unit: page.told(row.unit) };
    const box = make("p", { class: "small" }, page.word(named.unit ? "by_unit" : "by", named));
    for (const n of row.notes) box.append(" ", page.put(make("span", {}), n));
    return box;
  };
  function legend(row) {
    byId("legend").replaceChildren(make("ul", { class: "classes" }, ...page.classes(row)), make("ul", {}, ...page.signs(row)), page.notes(row));
  }

  // ------------------------------------------------------------------------------------------------ the table below
  function twin(row) {
    byId("twin-caption").textContent = page.word("caption", { title: page.told(row.title), areas: page.told(data.levels[row.level].title) });
    const layers = page.levels[row.level].getLayers();
    byId("twin-rows").replaceChildren(...data.levels[row.level].names.map((n, i) => {
      const { value, margin, sure } = page.cell(row, i);
      const name = page.put(make("button", { type: "button", class: "open-area" }), n);
      name.setAttribute("aria-label", page.word("open", { area: page.name(row, i) }));
      name.addEventListener("click", () => {
        page.open(i, name);
        byId("stage").scrollIntoView({ block: "nearest" });
      });
      const line = make("tr", {}, make("th", { scope: "row" }, name), make("td", {}, value), make("td", {}, margin || "–"), make("td", {}, sure));
      line.addEventListener("mouseenter", () => page.mark(layers[i]));
      line.addEventListener("mouseleave", () => page.mark(null));
      return line;
    }));
  }

  // ------------------------------------------------------------------------------------------------ choices
  const tabs = byId("categories");
  const list = byId("indicators");
  const empty = (row) => row.absent === row.classes.length;
  function radios(box, entries, picked, onpick, bare) {
    box.replaceChildren(...entries.map((entry) => {
      const on = entry.id === picked;
      const name = page.put(make("span", {}), entry.title);
      const none = bare(entry) ? make("i", {}, " " + page.word("none")) : null;
      const button = make("button", { type: "button", role: "radio", "aria-checked": String(on), tabindex: on ? "0" : "-1", "data-id": entry.id }, name, none);
      button.addEventListener("click", () => { onpick(entry.id); focusOn(box, entry.id); });
      return button;
    }));
  }
  function focusOn(box, id) {
    for (const button of box.children) if (button.dataset.id === id) button.focus({ preventScroll: true });
  }
  function arrows(event) {
    const buttons = [...event.currentTarget.children];
    const at = buttons.indexOf(document.activeElement);
    const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
    if (!step || at < 0) return;
    event.preventDefault();
    buttons[(at + step + buttons.length) % buttons.length].click();
  }
  // The list scrolls by itself; the chosen one is brought into its sight without moving the page.
  function sight(box) {
    const on = box.querySelector("[aria-checked=true]");
    if (!on || box.scrollHeight <= box.clientHeight) return;
    const [one, all] = [on.getBoundingClientRect(), box.getBoundingClientRect()];
    if (one.top < all.top) box.scrollTop -= all.top - one.top;
    else if (one.bottom > all.bottom) box.scrollTop += one.bottom - all.bottom;
  }
  function choose(row) {
    const of = (category) => data.indicators.filter((one) => one.category === category);
    const opening = (category) => of(category).find((one) => !empty(one)) || of(category)[0];
    const top = list.scrollTop;
    radios(tabs, data.categories, row.category, (category) => page.show(opening(category).id), (category) => of(category.id).every(empty));
    radios(list, of(row.category), row.id, page.show, empty);
    list.scrollTop = top;
    sight(list);
  }
  if (tabs) for (const box of [tabs, list]) box.addEventListener("keydown", arrows);

  // What it says in a sentence stands in its table, in the language that is chosen.
  function lead(row) {
    const line = byId("ind-" + row.id.replace(/[^A-Za-z0-9_-]+/g, "_"));
    const told = line && line.querySelector(".t");
    const own = told && told.textContent !== page.told(row.title);
    byId("shown-said").replaceChildren(...(own ? [...told.cloneNode(true).childNodes] : []));
  }
  page.show = function (id) {
    const row = data.indicators.find((one) => one.id === id);
    if (!row) return false;
    map.closePopup();
    page.current = row;
    page.paint(row);
    page.figures(row);
    page.put(byId("shown-title"), row.title);
    lead(row);
    for (const who of ["district", "reference"]) {
      if (!byId("shown-" + who)) continue;
      if (page.told(row[who])) page.put(byId("shown-" + who), row[who]);
      else byId("shown-" + who).textContent = "–";
      page.put(byId("shown-" + who + "-beside"), row[who + "_beside"]);
    }
    const source = page.told(row.source);
    byId("shown-source").textContent = source ? page.word("from", { source, period: page.told(row.vintage) }) : "";
    const short = byId("pressures-short");
    if (short) short.hidden = !data.pressures.includes(id);
    legend(row);
    twin(row);
    choose(row);
    if (page.again) page.again();
    return true;
  };
  page.retell(() => { if (page.current) page.show(page.current.id); else page.blank(); });
  page.blank = () => { byId("shown-title").textContent = page.word("nowhere"); };

  // ------------------------------------------------------------------------------------------------ links from elsewhere
  document.addEventListener("click", (event) => {
    const link = event.target.closest("a[data-indicator]");
    if (link && page.show(link.dataset.indicator)) {
      event.preventDefault();
      byId("map").scrollIntoView({ block: "start" });
    }
    const button = event.target.closest(".tally button");
    if (button) {
      const on = button.getAttribute("aria-pressed") !== "true";
      button.setAttribute("aria-pressed", String(on));
      for (const item of document.querySelectorAll(".item")) if (item.dataset.status === button.dataset.status) item.hidden = !on;
    }
  });
})(window.justgeo);
