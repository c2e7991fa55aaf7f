/* Switches what the map shows. Everything is looked up in the data of the page; texts are set as text, never as HTML. */
(function () {
  "use strict";
  const data = JSON.parse(document.getElementById("justgeo-data").textContent);
  const map = window[data.layers.map];
  const layer = (name) => (name ? window[name] : null);
  const levels = {};
  for (const [level, name] of Object.entries(data.layers.data)) levels[level] = layer(name);
  const byId = (id) => document.getElementById(id);
  let current = null;

  function make(tag, attributes, ...children) {
    const node = document.createElement(tag);
    for (const [key, value] of Object.entries(attributes || {})) {
      if (key === "class") node.className = value;
      else node.setAttribute(key, value);
    }
    for (const child of children) if (child !== null) node.append(child);
    return node;
  }

  // ------------------------------------------------------------------------------------------------ base map
  const LINES = {
    motorway: { color: "#4d4a45", weight: 3, opacity: 0.75 },
    primary: { color: "#57534d", weight: 2.2, opacity: 0.65 },
    secondary: { color: "#5f5b54", weight: 1.6, opacity: 0.55 },
    residential: { color: "#6a665f", weight: 0.9, opacity: 0.42 },
    path: { color: "#6a665f", weight: 0.7, opacity: 0.4, dashArray: "2 3" },
    rail: { color: "#3b3934", weight: 1.6, opacity: 0.7, dashArray: "6 4" },
  };
  function style(name, how) {
    const found = layer(data.layers[name]);
    if (found) found.setStyle(how);
    return found;
  }
  style("water", { stroke: false, fillColor: "#cfe2ee", fillOpacity: 0.95 });
  style("parks", { color: "#2f6d39", weight: 1.5, fillColor: "#b4dcae", fillOpacity: 0.5 });
  style("streets", (feature) => LINES[feature.properties.kind] || LINES.residential);
  style("outline", { color: "#16181d", weight: 3.4, opacity: 1, fill: false, lineJoin: "round" });
  const casing = L.geoJSON(layer(data.layers.outline).toGeoJSON(), {
    pane: "outline", interactive: false, style: { color: "#ffffff", weight: 7, opacity: 0.85, fill: false },
  }).addTo(map);
  casing.bringToBack();
  const stops = layer(data.layers.stops);
  if (stops) {
    stops.setStyle({ radius: 3.5, color: "#16181d", weight: 1.2, fillColor: "#ffd34d", fillOpacity: 1 });
    stops.eachLayer((one) => one.bindTooltip(() => make("span", {}, data.stops[one.feature.properties.i] || "transit stop")));
    stops.remove();
    byId("stops").addEventListener("change", (event) => (event.target.checked ? stops.addTo(map) : stops.remove()));
  }
  for (const notice of data.notices) map.attributionControl.addAttribution(make("span", {}, notice).innerHTML);

  // ------------------------------------------------------------------------------------------------ names
  const names = data.labels.map((label) => {
    const text = make("span", { class: "label " + label.kind }, label.name);
    if (label.turn) text.style.transform = "translate(-50%, -50%) rotate(" + label.turn + "deg)";
    const icon = L.divIcon({ className: "label-icon", html: text, iconSize: null });
    L.marker(label.at, { icon: icon, pane: "labels", interactive: false, keyboard: false }).addTo(map);
    return text;
  });
  function thin() {
    const taken = [];
    const frame = map.getContainer().getBoundingClientRect();
    for (const text of names) {
      text.style.visibility = "visible";
      const box = text.getBoundingClientRect();
      const cut = box.left < frame.left + 2 || box.right > frame.right - 2 || box.top < frame.top + 2 || box.bottom > frame.bottom - 2;
      const hit = cut || taken.some((t) => box.left < t.right + 6 && t.left < box.right + 6 && box.top < t.bottom + 4 && t.top < box.bottom + 4);
      if (hit) text.style.visibility = "hidden";
      else taken.push(box);
    }
  }
  map.on("zoomend moveend viewreset", thin);

  // ------------------------------------------------------------------------------------------------ values
  function fill(row, i) {
    const k = row.classes[i];
    if (k < 0) return "url(#no-number)";
    const shade = row.shades[k];
    return ["low", "even"].includes(row.cells[i][2]) ? "url(#hatch-" + shade + ")" : data.ramp[shade];
  }
  function told(row, i) {
    const [value, margin, reliability, reason] = row.cells[i];
    const sure = data.reliability[reliability] || reliability;
    const gone = row.classes[i] < 0 && reason;
    return { value, margin, sure: gone ? reason : reason ? sure + " (" + reason + ")" : sure };
  }
  // A tract's card stands in the page, in every language; the popup shows a copy of the one that is spoken.
  let tongue = "en";
  function card(i) {
    if (!data.pressures.includes(current.id)) return null;
    const { ids, names } = data.levels[current.level];
    const all = [...document.querySelectorAll('.pressures [data-lang="' + tongue + '"] .tract')];
    const found = all.find((one) => one.dataset.zone === ids[i]);
    if (!found) return null;
    const name = found.querySelector("summary b");
    const brief = map.getContainer().clientWidth < 420;
    const copy = make("div", { lang: tongue, class: brief ? "tip brief" : "tip" }, make("p", { class: "tract-name" }, name ? name.textContent : names[i]), found.querySelector(".tract-card").cloneNode(true));
    const more = make("button", { type: "button", class: "whole" }, found.closest(".tongue").dataset.more);
    more.addEventListener("click", () => {
      found.open = true;
      found.scrollIntoView({ block: "start" });
      found.querySelector("summary").focus({ preventScroll: true });
    });
    copy.append(more);
    return copy;
  }
  function tip(one, full) {
    const i = one.feature.properties.i;
    const whole = full ? card(i) : null;
    if (whole) return whole;
    const words = told(current, i);
    const box = make("div", { class: "tip" },
      make("b", {}, data.levels[current.level].names[i]),
      make("div", { class: "value" }, words.value, " ", make("span", {}, words.margin)),
      make("div", { class: "sure" }, words.sure));
    if (full) {
      box.prepend(make("div", { class: "what" }, current.title));
      box.append(make("div", { class: "from" }, current.source), make("div", { class: "from" }, current.vintage));
    }
    return box;
  }
  const EDGE = { color: "#fbfaf8", weight: 1.4, opacity: 1, fillOpacity: 0.93 };
  function restyle(one) {
    one.setStyle({ ...EDGE, fillColor: fill(current, one.feature.properties.i) });
  }
  function mark(one, on) {
    if (!on) restyle(one);
    else {
      one.setStyle({ color: "#16181d", weight: 2.4 });
      one.bringToFront();
    }
  }
  for (const found of Object.values(levels)) {
    found.eachLayer((one) => {
      one.bindTooltip(() => tip(one, false), { sticky: true, direction: "top", offset: [0, -4] });
      one.bindPopup(() => tip(one, true), { maxWidth: 280, maxHeight: 330, autoPanPaddingTopLeft: [52, 8] });
      one.on({ mouseover: () => mark(one, true), mouseout: () => mark(one, false) });
    });
    found.remove();
  }

  function swatch(paint) {
    const NS = "http://www.w3.org/2000/svg";
    const svg = document.createElementNS(NS, "svg");
    const box = document.createElementNS(NS, "rect");
    for (const [k, v] of Object.entries({ width: 34, height: 15, "aria-hidden": "true" })) svg.setAttribute(k, v);
    for (const [k, v] of Object.entries({ width: "100%", height: "100%", fill: paint, stroke: "#8b8780" })) box.setAttribute(k, v);
    svg.append(box);
    return svg;
  }
  function areas(n) {
    return n + (n === 1 ? " area" : " areas");
  }
  function legend(row) {
    const box = byId("legend");
    const list = make("ul", { class: "classes" });
    const signs = make("ul", {});
    row.labels.forEach((label, k) => list.append(make("li", {}, swatch(k === row.hatched ? "url(#hatch-" + row.shades[k] + ")" : data.ramp[row.shades[k]]), make("span", {}, label), make("i", {}, areas(row.counts[k])))));
    for (const kind of ["low", "even"]) {
      if (!row[kind]) continue;
      const shade = row.shades.length ? row.shades[Math.floor((row.shades.length - 1) / 2)] : 2;
      signs.append(make("li", { class: "hatched" }, swatch("url(#hatch-" + shade + ")"), make("span", {}, "hatched: " + data.reliability[kind]), make("i", {}, areas(row[kind]))));
    }
    if (row.absent) signs.append(make("li", { class: "none" }, swatch("url(#no-number)"), make("span", {}, "dotted: no number"), make("i", {}, areas(row.absent))));
    const where = "By " + data.levels[row.level].title + (row.unit ? ", in " + row.unit : "") + ".";
    box.replaceChildren(list, signs, make("p", { class: "small" }, [where, ...row.notes].join(" ")));
  }
  function twin(row) {
    const names = data.levels[row.level].names;
    byId("twin-caption").textContent = row.title + ", by " + data.levels[row.level].title;
    byId("twin-rows").replaceChildren(...names.map((name, i) => {
      const words = told(row, i);
      const line = make("tr", {}, make("th", { scope: "row" }, name), make("td", {}, words.value), make("td", {}, words.margin || "–"), make("td", {}, words.sure));
      const one = levels[row.level].getLayers()[i];
      line.addEventListener("mouseenter", () => mark(one, true));
      line.addEventListener("mouseleave", () => mark(one, false));
      return line;
    }));
  }

  function show(id) {
    const row = data.indicators.find((one) => one.id === id);
    if (!row) return false;
    map.closePopup();
    current = row;
    for (const [level, found] of Object.entries(levels)) {
      if (level !== row.level) found.remove();
      else {
        found.addTo(map);
        found.eachLayer(restyle);
      }
    }
    byId("shown-title").textContent = row.title;
    byId("shown-plain").textContent = row.plain;
    for (const who of ["district", "reference"]) {
      if (!byId("shown-" + who)) continue;
      byId("shown-" + who).textContent = row[who] || "–";
      byId("shown-" + who + "-beside").textContent = row[who + "_beside"];
    }
    byId("shown-source").textContent = row.source ? "Source: " + row.source + ". Period: " + row.vintage + "." : "";
    const short = byId("pressures-short");
    if (short) short.hidden = !data.pressures.includes(id);
    legend(row);
    twin(row);
    choose(row);
    return true;
  }

  // ------------------------------------------------------------------------------------------------ switches
  const tabs = byId("categories");
  const list = byId("indicators");
  const empty = (row) => row.absent === row.classes.length;
  function radios(box, entries, picked, onpick, bare) {
    box.replaceChildren(...entries.map((entry) => {
      const on = entry.id === picked;
      const none = bare(entry) ? make("i", {}, " no number") : null;
      const button = make("button", { type: "button", role: "radio", "aria-checked": String(on), tabindex: on ? "0" : "-1", "data-id": entry.id }, entry.title, none);
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
  function choose(row) {
    const of = (category) => data.indicators.filter((one) => one.category === category);
    const opening = (category) => of(category).find((one) => !empty(one)) || of(category)[0];
    radios(tabs, data.categories, row.category, (category) => show(opening(category).id), (category) => of(category.id).every(empty));
    radios(list, of(row.category), row.id, show, empty);
  }
  if (tabs) for (const box of [tabs, list]) box.addEventListener("keydown", arrows);

  for (const link of document.querySelectorAll("a[data-indicator]")) {
    link.addEventListener("click", (event) => {
      if (!show(link.dataset.indicator)) return;
      event.preventDefault();
      byId("map").scrollIntoView({ block: "start" });
    });
  }
  for (const button of document.querySelectorAll(".tally button")) {
    button.addEventListener("click", () => {
      const on = button.getAttribute("aria-pressed") !== "true";
      button.setAttribute("aria-pressed", String(on));
      for (const item of document.querySelectorAll(".item")) if (item.dataset.status === button.dataset.status) item.hidden = !on;
    });
  }

  // ------------------------------------------------------------------------------------------------ languages
  for (const button of document.querySelectorAll(".tongues button")) {
    button.addEventListener("click", () => {
      const top = button.closest(".pressures, .pressures-short");
      tongue = button.dataset.tongue;
      map.closePopup();
      for (const side of document.querySelectorAll(".tongue")) side.hidden = side.dataset.lang !== tongue;
      for (const one of document.querySelectorAll(".tongues button")) one.setAttribute("aria-pressed", String(one.dataset.tongue === tongue));
      top.querySelector('.tongue:not([hidden]) [data-tongue="' + tongue + '"]').focus({ preventScroll: true });
    });
  }
  for (const button of document.querySelectorAll(".all-cards")) {
    button.addEventListener("click", () => {
      const on = button.getAttribute("aria-pressed") !== "true";
      button.setAttribute("aria-pressed", String(on));
      for (const one of button.closest(".by-tract").querySelectorAll(".tract")) one.open = on;
    });
  }

  // ------------------------------------------------------------------------------------------------ view, print
  const bounds = layer(data.layers.outline).getBounds();
  function home() {
    map.invalidateSize({ animate: false, pan: false });
    map.fitBounds(bounds, { padding: [26, 26], animate: false });
    thin();
  }
  byId("home").addEventListener("click", home);
  map.on("focus click", () => map.scrollWheelZoom.enable());
  map.on("blur mouseout", () => map.scrollWheelZoom.disable());
  const box = map.getContainer();
  let opened = [];
  window.addEventListener("beforeprint", () => {
    opened = [...document.querySelectorAll("details:not([open]):not(.method)")];
    for (const one of opened) one.open = true;
    box.parentElement.style.width = "680px";
    box.parentElement.style.height = "520px";
    home();
  });
  window.addEventListener("afterprint", () => {
    for (const one of opened) one.open = false;
    box.parentElement.style.width = box.parentElement.style.height = "";
    home();
  });

  home();
  if (!data.first || !show(data.first))
    byId("shown-title").textContent = "There are no small areas to show; the district's numbers stand in the tables.";
  document.documentElement.dataset.ready = "true";
})();
