/* What residents correct, as numbers on the map: those of the list below it. Paths are dashed lines. */
(function (page) {
  "use strict";
  const { data, map, make, layer } = page;
  if (!data.corrections.length || !layer(data.layers.outline)) return;
  data.corrections.forEach((one, i) => {
    if (one.line) {
      const path = one.line.map(([lon, lat]) => [lat, lon]);
      L.polyline(path, { pane: "labels", interactive: false, color: "#16181d", weight: 3, dashArray: "6 5" }).addTo(map);
    }
    const text = make("span", { class: "correction" }, String(i + 1));
    const icon = L.divIcon({ className: "label-icon", html: text, iconSize: null });
    L.marker([one.at[1], one.at[0]], { icon, pane: "labels", interactive: false, keyboard: false }).addTo(map);
  });
})(window.justgeo);
