/* The areas: painted by their class, told by tooltip and popup, reached by mouse and by keys. */
(function (page) {
  "use strict";
  const { data, map, make, byId } = page;
  const levels = (page.levels = {});
  for (const [level, name] of Object.entries(data.layers.data)) levels[level] = page.layer(name);
  const at = page.at;
  const spot = (i) => data.spots[page.current.level][i].slice(0, 2);

  // ------------------------------------------------------------------------------------------------ values
  page.fill = function (row, i) {
    if (row.classes[i] === "-") return "url(#no-number)";
    const shade = row.shades[Number(row.classes[i])];
    return ["low", "even"].includes(data.sure[at(row.sure, i)]) ? "url(#hatch-" + shade + ")" : data.ramp[shade];
  };
  page.name = (row, i) => page.told(data.levels[row.level].names[i]);
  // Value, margin, and how sure: in that the reason takes the place of a class where there is no number.
  page.cell = function (row, i) {
    const key = data.sure[at(row.sure, i)];
    const sure = page.texts().reliability[key] || key;
    const reason = at(row.reasons, i);
    const box = make("span", {});
    if (reason < 0) box.append(sure);
    else if (row.classes[i] === "-") page.put(box, reason);
    else box.append(sure + " (", page.put(make("span", {}), reason), ")");
    return { value: page.told(at(row.values, i)), margin: page.told(at(row.margins, i)), sure: box };
  };
  page.brief = function (row, i) {
    const { value, margin, sure } = page.cell(row, i);
    return page.name(row, i) + ": " + [value, margin].filter(Boolean).join(" ") + ", " + sure.textContent;
  };

  // ------------------------------------------------------------------------------------------------ tooltip, popup
  function tip(i) {
    const { value, margin, sure } = page.cell(page.current, i);
    sure.className = "sure";
    return make("div", { class: "tip" }, page.put(make("b", {}), data.levels[page.current.level].names[i]), make("div", { class: "value" }, value, " ", make("span", {}, margin)), sure);
  }
  function popup(i) {
    const whole = page.card ? page.card(i) : null;
    if (whole) return whole;
    const row = page.current;
    const box = tip(i);
    box.prepend(page.put(make("div", { class: "what" }), row.title));
    for (const [key, n] of [["period", row.vintage], ["source", row.source]]) {
      if (page.told(n)) box.append(make("div", { class: "from" }, page.word(key) + ": ", page.put(make("span", {}), n)));
    }
    return box;
  }
  const EDGE = { color: "#fbfaf8", weight: 1.4, opacity: 1, fillOpacity: 0.93 };
  let ring = null;
  // A ring around one area, in a pane of its own: the areas keep their order, and with it their place for who listens.
  page.mark = function (one) {
    if (ring) ring.remove();
    ring = null;
    if (!one) return;
    const shape = one.toGeoJSON();
    const line = (color, weight) => L.geoJSON(shape, { pane: "found", interactive: false, style: { color, weight, opacity: 1, fill: false } });
    ring = L.layerGroup([line("#ffffff", 7), line("#0b57d0", 3.6)]).addTo(map);
  };
  let opener = null;
  page.open = function (i, from) {
    map.closePopup();
    opener = from;
    levels[page.current.level].getLayers()[i].openPopup(spot(i));
  };
  map.on("popupopen", (event) => {
    const box = event.popup.getElement();
    const close = box.querySelector(".leaflet-popup-close-button");
    if (close) close.setAttribute("aria-label", page.word("close"));
    const inside = box.querySelector(".tip");
    if (!inside) return;
    box.setAttribute("role", "dialog");
    const one = event.popup._source;
    if (one && one.feature) box.setAttribute("aria-label", page.name(page.current, one.feature.properties.i));
    inside.tabIndex = -1;
    if (opener) inside.focus({ preventScroll: true });
  });
  map.on("popupclose", () => {
    const from = opener;
    opener = null;
    const lost = document.activeElement === document.body || map.getPane("popupPane").contains(document.activeElement);
    if (from && lost && document.contains(from)) from.focus({ preventScroll: true });
  });
  map.getPane("popupPane").addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    event.stopPropagation();
    map.closePopup();
  });
  map.on("tooltipopen", (event) => {
    const one = event.tooltip._source;
    const path = one && one.getElement && one.getElement();
    if (path) path.removeAttribute("aria-describedby");
  });
  for (const found of Object.values(levels)) {
    found.eachLayer((one) => {
      const i = one.feature.properties.i;
      one.bindTooltip(() => tip(i), { sticky: true, direction: "top", offset: [0, -4] });
      one.bindPopup(() => popup(i), { maxWidth: 280, maxHeight: 330, autoPanPaddingTopLeft: [52, 8] });
      one.on({ mouseover: () => page.mark(one), mouseout: () => page.mark(null) });
    });
    found.remove();
  }

  // ------------------------------------------------------------------------------------------------ keys
  const index = new Map();
  const STEPS = { ArrowRight: [1, 0], ArrowLeft: [-1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
  function rove(i) {
    for (const [path, j] of index) path.setAttribute("tabindex", i === j ? "0" : "-1");
  }
  function go(i) {
    for (const [path, j] of index) if (i === j) {
      rove(i);
      map.panInside(spot(i), { padding: [40, 40], animate: false });
      path.focus({ preventScroll: true });
    }
  }
  // The nearest area in a direction; what lies aside of it counts as farther away.
  function next(i, [dx, dy]) {
    const here = map.latLngToContainerPoint(spot(i));
    let best = null;
    for (const j of index.values()) {
      if (j === i) continue;
      const there = map.latLngToContainerPoint(spot(j)).subtract(here);
      const along = there.x * dx + there.y * dy;
      const aside = Math.abs(there.x * dy) + Math.abs(there.y * dx);
      if (along <= 0 || aside > 2 * along) continue;
      const far = along + 2 * aside;
      if (!best || far < best[1]) best = [j, far];
    }
    return best && best[0];
  }
  const pane = map.getPane("data");
  pane.addEventListener("keydown", (event) => {
    const i = index.get(event.target);
    if (i === undefined) return;
    let to = null;
    if (STEPS[event.key]) to = next(i, STEPS[event.key]);
    else if (event.key === "Home") to = 0;
    else if (event.key === "End") to = index.size - 1;
    else if (event.key === "Enter" || event.key === " ") page.open(i, event.target);
    else if (event.key === "Escape") map.closePopup();
    else return;
    event.preventDefault();
    event.stopPropagation();
    if (to !== null) go(to);
  });
  pane.addEventListener("focusin", (event) => {
    const i = index.get(event.target);
    if (i === undefined) return;
    rove(i);
    page.mark(levels[page.current.level].getLayers()[i]);
  });
  pane.addEventListener("focusout", () => page.mark(null));

  page.paint = function (row) {
    page.mark(null);
    index.clear();
    for (const [level, found] of Object.entries(levels)) {
      if (level !== row.level) {
        found.remove();
        continue;
      }
      found.addTo(map);
      found.eachLayer((one) => {
        const i = one.feature.properties.i;
        one.setStyle({ ...EDGE, fillColor: page.fill(row, i) });
        const path = one.getElement();
        index.set(path, i);
        for (const [key, value] of [["role", "button"], ["tabindex", index.size === 1 ? "0" : "-1"], ["aria-label", page.brief(row, i)]]) path.setAttribute(key, value);
      });
      const svg = pane.querySelector("svg");
      svg.setAttribute("role", "group");
      svg.setAttribute("aria-label", page.word("areas_keys"));
      svg.removeAttribute("aria-hidden");
    }
  };
})(window.justgeo);
