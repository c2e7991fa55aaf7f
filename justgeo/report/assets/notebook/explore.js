/* The map of a notebook: areas filled by their class, told by tooltip. Texts are set as text, never as HTML. */
(function () {
  "use strict";
  const data = JSON.parse(document.getElementById("justgeo-data").textContent);
  const layer = (name) => (data.layers[name] ? window[data.layers[name]] : null);
  const map = layer("map");
  function node(tag, name, text) {
    const made = document.createElement(tag);
    made.className = name;
    made.textContent = text;
    return made;
  }
  const WIDTHS = { motorway: 3, primary: 2.2, secondary: 1.6, residential: 0.9, path: 0.7, rail: 1.4 };
  const paint = (name, how) => layer(name) && layer(name).setStyle(how);
  paint("water", { stroke: false, fillColor: "#cfe2ee", fillOpacity: 0.95 });
  paint("parks", { color: "#2f6d39", weight: 1.5, fill: false });
  paint("streets", (one) => ({ color: "#57534d", weight: WIDTHS[one.properties.kind] || 0.9, opacity: 0.45 }));
  paint("outline", { color: "#16181d", weight: 3.4, opacity: 1, fill: false });
  for (const notice of data.notices) map.attributionControl.addAttribution(node("span", "", notice).innerHTML);

  const areas = window[data.layers.data[data.level]];
  areas.eachLayer((one) => {
    const i = one.feature.properties.i;
    const told = data.areas[i];
    one.setStyle({ color: "#fbfaf8", weight: 1.4, opacity: 1, fillOpacity: 0.85, fillColor: data.fills[i] });
    one.bindTooltip(() => {
      const box = node("div", "tip", "");
      box.append(node("b", "", told.name), node("div", "value", [told.value, told.margin].filter(Boolean).join(" ")));
      box.append(node("div", "sure", [told.sure, told.why].filter(Boolean).join("; ")));
      return box;
    }, { sticky: true });
    one.on({
      mouseover: () => one.setStyle({ color: "#0b57d0", weight: 3 }).bringToFront(),
      mouseout: () => one.setStyle({ color: "#fbfaf8", weight: 1.4 }),
    });
  });
  // The middle of the place, as large as the frame allows.
  const whole = layer("outline").getBounds();
  map.invalidateSize();
  map.fitBounds(whole, { padding: [16, 16], animate: false });
  document.documentElement.dataset.ready = "true";
})();
