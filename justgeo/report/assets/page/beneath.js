/* What lies beneath the values on the map: streets, parks, water, names; and the points that can be laid over them. */
(function (page) {
  "use strict";
  const { data, map, make, byId, layer } = page;
  const LINES = {
    motorway: { color: "#4d4a45", weight: 3, opacity: 0.75 },
    primary: { color: "#57534d", weight: 2.2, opacity: 0.65 },
    secondary: { color: "#5f5b54", weight: 1.6, opacity: 0.55 },
    residential: { color: "#6a665f", weight: 0.9, opacity: 0.42 },
    path: { color: "#6a665f", weight: 0.7, opacity: 0.4, dashArray: "2 3" },
    rail: { color: "#3b3934", weight: 1.6, opacity: 0.7, dashArray: "6 4" },
  };
  page.lines = LINES;
  for (const pane of ["parks", "water", "streets", "outline", "found", "stops", "places", "labels"]) {
    const found = map.getPane(pane);
    if (found) found.setAttribute("aria-hidden", "true");
  }
  function style(name, how) {
    const found = layer(data.layers[name]);
    if (found) found.setStyle(how);
    return found;
  }
  style("water", { stroke: false, fillColor: "#cfe2ee", fillOpacity: 0.95 });
  style("parks", { color: "#2f6d39", weight: 1.5, fillColor: "#b4dcae", fillOpacity: 1 });
  style("streets", (feature) => LINES[feature.properties.kind] || LINES.residential);
  // Seen from far away, small streets would only grey the values: they fade as a pixel stands for more metres.
  const FADES = { residential: [6, 16], path: [5, 12], secondary: [16, 50] };
  page.faded = function (kind, metres) {
    const [from, to] = FADES[LINES[kind] ? kind : "residential"] || [1e6, 2e6];
    return Math.max(0, Math.min(1, (to - metres) / (to - from)));
  };
  function fade() {
    const found = layer(data.layers.streets);
    const metres = (156543 * Math.cos((map.getCenter().lat * Math.PI) / 180)) / 2 ** map.getZoom();
    if (found) found.eachLayer((one) => {
      const kind = one.feature.properties.kind;
      one.setStyle({ opacity: (LINES[kind] || LINES.residential).opacity * page.faded(kind, metres) });
    });
  }
  map.on("zoomend viewreset", fade);
  style("outline", { color: "#16181d", weight: 3.4, opacity: 1, fill: false, lineJoin: "round" });
  const casing = L.geoJSON(layer(data.layers.outline).toGeoJSON(), {
    pane: "outline", interactive: false, style: { color: "#ffffff", weight: 7, opacity: 0.85, fill: false },
  }).addTo(map);
  casing.bringToBack();
  for (const notice of data.notices) map.attributionControl.addAttribution(make("span", {}, notice).innerHTML);

  // ------------------------------------------------------------------------------------------------ points
  const kind = (key) => page.texts().kinds[key] || key;
  function points(name, how, told) {
    const found = layer(data.layers[name]);
    if (!found) return;
    found.setStyle(how);
    found.eachLayer((one) => one.bindTooltip(() => make("span", {}, told(one.feature.properties.i))));
    found.remove();
    byId(name).addEventListener("change", (event) => (event.target.checked ? found.addTo(map) : found.remove()));
  }
  points("stops", { fill: true, radius: 3.5, color: "#16181d", weight: 1.2, fillColor: "#ffd34d", fillOpacity: 1 }, (i) => data.stops[i] || kind("stop"));
  points("places", { fill: true, radius: 5, color: "#ffffff", weight: 1.6, fillColor: "#0b6a88", fillOpacity: 1 }, (i) => data.places[i][0] + " · " + kind(data.places[i][1]));

  // ------------------------------------------------------------------------------------------------ names, numbers
  function sign(at, text) {
    const icon = L.divIcon({ className: "label-icon", html: text, iconSize: null });
    return L.marker(at, { icon, pane: "labels", interactive: false, keyboard: false });
  }
  const names = data.labels.map((label) => {
    const text = make("span", { class: "label " + label.kind }, label.name);
    if (label.turn) text.style.transform = "translate(-50%, -50%) rotate(" + label.turn + "deg)";
    sign(label.at, text).addTo(map);
    return text;
  });
  const figures = L.layerGroup();
  let numbers = [];
  function thin() {
    const taken = [];
    const frame = map.getContainer().getBoundingClientRect();
    for (const text of [...(map.hasLayer(figures) ? numbers : []), ...names]) {
      text.style.visibility = "visible";
      const box = text.getBoundingClientRect();
      const cut = box.left < frame.left + 2 || box.right > frame.right - 2 || box.top < frame.top + 2 || box.bottom > frame.bottom - 2;
      const hit = cut || taken.some((t) => box.left < t.right + 4 && t.left < box.right + 4 && box.top < t.bottom + 2 && t.top < box.bottom + 2);
      if (hit) text.style.visibility = "hidden";
      else taken.push(box);
    }
  }
  page.thin = thin;
  // The number of each area, written where it is widest: what the colours say, without colours.
  page.figure = (row, i) => (row.classes[i] === "-" ? "–" : page.told(page.at(row.values, i)).replace(" " + page.told(row.unit), ""));
  page.figures = function (row) {
    figures.clearLayers();
    numbers = data.spots[row.level].map(([lat, lon], i) => {
      const text = make("span", { class: "label figure" }, page.figure(row, i));
      figures.addLayer(sign([lat, lon], text));
      return text;
    });
    thin();
  };
  const box = byId("figures");
  if (box) box.addEventListener("change", () => {
    if (box.checked) figures.addTo(map);
    else figures.remove();
    thin();
  });
  map.on("zoomend moveend viewreset", thin);
})(window.justgeo);
