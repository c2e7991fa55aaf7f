/* Paper: which sheets are printed, and their maps, drawn when they are wanted from the shapes that the page has already. */
(function (page) {
  "use strict";
  const { data, map, make, draw, byId, layer } = page;
  const root = document.documentElement;
  const [WIDE, HIGH] = [430, 330];
  const shapes = (name) => (data.layers[name] ? layer(data.layers[name]).getLayers().map((one) => one.feature.geometry) : []);

  // ------------------------------------------------------------------------------------------------ shapes
  const bounds = layer(data.layers.outline).getBounds().pad(0.09);
  const shrink = Math.cos((bounds.getCenter().lat * Math.PI) / 180);
  const degrees = Math.min(WIDE / ((bounds.getEast() - bounds.getWest()) * shrink), HIGH / (bounds.getNorth() - bounds.getSouth()));
  const metres = 111320 / degrees;
  const at = ([lon, lat]) => [
    Math.round((WIDE / 2 + (lon - bounds.getCenter().lng) * shrink * degrees) * 10) / 10,
    Math.round((HIGH / 2 - (lat - bounds.getCenter().lat) * degrees) * 10) / 10,
  ];
  const line = (points, end) => "M" + points.map((one) => at(one).join(" ")).join("L") + end;
  function path(geometry) {
    const { type, coordinates: c } = geometry;
    if (type === "GeometryCollection") return geometry.geometries.map(path).join("");
    if (type === "Polygon") return c.map((ring) => line(ring, "Z")).join("");
    if (type === "MultiPolygon") return c.flat().map((ring) => line(ring, "Z")).join("");
    if (type === "LineString") return line(c, "");
    return type === "MultiLineString" ? c.map((one) => line(one, "")).join("") : "";
  }
  // Each shape stands once on paper too: the maps of all sheets use the same.
  function stock() {
    const defs = draw("defs", {});
    for (const name of ["water", "parks", "outline"]) defs.append(draw("path", { id: "paper-" + name, d: shapes(name).map(path).join("") }));
    const streets = draw("g", { id: "paper-streets", fill: "none" });
    shapes("streets").forEach((geometry, i) => {
      const kind = layer(data.layers.streets).getLayers()[i].feature.properties.kind;
      const how = page.lines[kind] || page.lines.residential;
      streets.append(draw("path", { d: path(geometry), stroke: how.color, "stroke-width": how.weight * 0.55, "stroke-opacity": how.opacity * page.faded(kind, metres * 1.4), "stroke-dasharray": how.dashArray || "none" }));
    });
    defs.append(streets);
    for (const [level, name] of Object.entries(data.layers.data)) {
      layer(name).eachLayer((one) => defs.append(draw("path", { id: "paper-" + level.replace(/\W/g, "-") + one.feature.properties.i, d: path(one.feature.geometry) })));
    }
    return draw("svg", { class: "defs", width: 0, height: 0, "aria-hidden": "true" }, defs);
  }
  const use = (id, how) => draw("use", { href: "#paper-" + id, ...how });

  // ------------------------------------------------------------------------------------------------ a map
  function scale() {
    const most = metres * WIDE * 0.28;
    const power = 10 ** Math.floor(Math.log10(most));
    const size = power * [5, 2, 1].find((one) => one * power <= most);
    const [long, y] = [size / metres, HIGH - 12];
    const told = size >= 1000 ? size / 1000 + " km" : size + " m";
    return draw("g", {},
      draw("rect", { x: 6, y: y - 15, width: long + 16, height: 23, fill: "#ffffff", "fill-opacity": 0.85 }),
      draw("path", { d: `M12 ${y - 4}V${y}H${12 + long}V${y - 4}`, fill: "none", stroke: "#16181d", "stroke-width": 1.2 }),
      draw("text", { x: 12 + long / 2, y: y - 4, class: "paper-small", "text-anchor": "middle" }, told),
      draw("path", { d: `M${WIDE - 18} 32V12M${WIDE - 22.5} 18L${WIDE - 18} 9L${WIDE - 13.5} 18`, fill: "none", stroke: "#16181d", "stroke-width": 1.6 }),
      draw("text", { x: WIDE - 18, y: 43, class: "paper-small strong", "text-anchor": "middle" }, page.word("north")));
  }
  // Names and numbers that would lie over one another are left out, the less important first.
  function signs(box, entries) {
    const taken = [[0, HIGH - 30, WIDE * 0.36, HIGH], [WIDE - 34, 0, WIDE, 50]];
    for (const { at: [x, y], text, kind, turn } of entries) {
      const [w, h] = [text.length * 2.75 + 3, 6];
      const flat = turn && Math.abs(turn) > 45 ? [h, w] : [w, h];
      const mine = [x - flat[0], y - flat[1], x + flat[0], y + flat[1]];
      if (mine[0] < 2 || mine[1] < 2 || mine[2] > WIDE - 2 || mine[3] > HIGH - 2) continue;
      if (taken.some((one) => mine[0] < one[2] && one[0] < mine[2] && mine[1] < one[3] && one[1] < mine[3])) continue;
      taken.push(mine);
      box.append(draw("text", { x, y: y + 3, class: "paper-sign " + kind, "text-anchor": "middle", transform: turn ? `rotate(${turn} ${x} ${y})` : "" }, text));
    }
  }
  function chart(row) {
    const box = draw("svg", { viewBox: `0 0 ${WIDE} ${HIGH}`, role: "img" });
    box.append(draw("rect", { width: WIDE, height: HIGH, fill: "#f3f0e9" }));
    if (row) {
      const prefix = row.level.replace(/\W/g, "-");
      for (let i = 0; i < row.classes.length; i++) box.append(use(prefix + i, { fill: page.fill(row, i), stroke: "#ffffff", "stroke-width": 1.1 }));
    }
    box.append(use("water", { fill: "#cfe2ee" }), use("parks", { fill: "#b4dcae", stroke: "#2f6d39", "stroke-width": 0.9 }));
    box.append(use("streets", row ? { opacity: 0.75 } : {}));
    const edge = { fill: "none", "stroke-linejoin": "round" };
    box.append(use("outline", { ...edge, stroke: "#ffffff", "stroke-width": 5.5, "stroke-opacity": 0.85 }), use("outline", { ...edge, stroke: "#16181d", "stroke-width": 2.4 }));
    const names = data.labels.map((one) => ({ at: at([one.at[1], one.at[0]]), text: one.name, kind: one.kind, turn: one.turn }));
    const figures = row ? data.spots[row.level].map(([lat, lon, radius], i) => ({ at: at([lon, lat]), text: page.figure(row, i), kind: "figure", radius })) : [];
    signs(box, row ? figures.filter((one) => one.text !== "–" && one.radius / metres > 8) : names);
    if (data.synthetic) box.append(draw("text", { x: WIDE / 2, y: HIGH / 2, class: "paper-mark", "text-anchor": "middle", textLength: WIDE * 0.86, lengthAdjust: "spacingAndGlyphs", transform: `rotate(-24 ${WIDE / 2} ${HIGH / 2})` }, page.word("invented")));
    box.append(scale());
    return box;
  }

  // ------------------------------------------------------------------------------------------------ the sheets
  const handout = byId("handout");
  let drawn = false;
  function fill() {
    if (drawn) return;
    drawn = true;
    for (const old of handout.querySelectorAll(":scope > .defs")) old.remove();
    handout.prepend(stock());
    for (const box of handout.querySelectorAll("[data-place]")) box.replaceChildren(chart(null));
    for (const pair of handout.querySelectorAll("[data-maps]")) {
      const rows = pair.dataset.maps.split(" ").map((id) => data.indicators.find((one) => one.id === id)).filter((one) => one && one.absent < one.classes.length);
      const row = rows.find((one) => one.fit) || rows[0];
      pair.hidden = !row;
      if (!row) continue;
      const [place, legend] = pair.children;
      place.replaceChildren(chart(row));
      const source = make("p", { class: "small" }, page.word("from", { source: page.told(row.source), period: page.told(row.vintage) }));
      legend.replaceChildren(page.put(make("b", {}), row.title), make("ul", { class: "classes" }, ...page.classes(row)), make("ul", {}, ...page.signs(row)), page.notes(row), source);
    }
  }
  page.retell(() => { drawn = false; if (matchMedia("print").matches) fill(); });

  const what = byId("print-what");
  function choose() {
    const chosen = what.value;
    root.dataset.print = chosen === "all" ? "all" : "sheets";
    for (const sheet of handout.querySelectorAll(".sheet")) sheet.hidden = chosen !== "sheets" && chosen !== "all" && sheet.dataset.sheet !== chosen;
  }
  what.addEventListener("change", choose);
  choose();
  byId("print-go").addEventListener("click", () => { choose(); window.print(); });

  // Everything on the page: what is folded opens, and the map takes the width of the paper.
  const frame = map.getContainer().closest(".frame");
  let opened = [];
  function before() {
    choose();
    if (root.dataset.print !== "all") return fill();
    opened = [...document.querySelectorAll("details:not([open]):not(.method)")];
    for (const one of opened) one.open = true;
    frame.style.width = "660px";
    frame.style.height = "500px";
    page.home();
  }
  function after() {
    if (root.dataset.print !== "all") return;
    for (const one of opened) one.open = false;
    frame.style.width = frame.style.height = "";
    page.home();
  }
  addEventListener("beforeprint", before);
  addEventListener("afterprint", after);
  matchMedia("print").addEventListener("change", (event) => { if (event.matches) fill(); });
})(window.justgeo);
