/* Find my street: streets, parks, schools, libraries and stops that are in the page already. What is typed stays in the
   field: it is not kept, not sent, and not part of the address. Names are hostile, and only ever set as text. */
(function (page) {
  "use strict";
  const { data, map, make, byId, layer } = page;
  const field = byId("find");
  if (!field) return;
  const list = byId("find-list");
  const tell = byId("find-told");
  const clear = byId("find-clear");
  const MOST = 8;
  const MOST_AREAS = 6;

  // ------------------------------------------------------------------------------------------------ names
  const SHORT = {
    street: "st", str: "st", saint: "st", santa: "st", avenue: "ave", av: "ave", avenida: "ave", boulevard: "blvd", bulevar: "blvd", road: "rd", drive: "dr",
    lane: "ln", court: "ct", place: "pl", square: "sq", terrace: "ter", highway: "hwy", parkway: "pkwy", circle: "cir", alley: "aly", trail: "trl",
    crossing: "xing", expressway: "expy", freeway: "fwy", plaza: "plz", point: "pt", mount: "mt", mountain: "mt", fort: "ft", heights: "hts",
    north: "n", south: "s", east: "e", west: "w", northeast: "ne", northwest: "nw", southeast: "se", southwest: "sw",
    first: "1st", second: "2nd", third: "3rd", fourth: "4th", fifth: "5th", sixth: "6th", seventh: "7th", eighth: "8th", ninth: "9th", tenth: "10th",
    elementary: "elem", school: "sch", library: "lib", escuela: "sch", biblioteca: "lib", parque: "park", calle: "st", doctor: "dr", junior: "jr",
  };
  const plain = (text) => text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase().replace(/['’`.]/g, "").split(/[^\p{L}\p{N}]+/u).filter(Boolean);
  const short = (word) => (Object.hasOwn(SHORT, word) ? SHORT[word] : word);

  const found = new Map();
  function enter(name, kind, part) {
    const key = kind + "\n" + name;
    if (!found.has(key)) found.set(key, { name, kind, words: plain(name), parts: [] });
    found.get(key).parts.push(part);
  }
  for (const [name, feature, from, to] of data.named.streets) enter(name, "street", [feature, from, to]);
  for (const [name, feature, from, to] of data.named.parks) enter(name, "park", [feature, from, to]);
  data.places.forEach(([name, kind], i) => enter(name, kind, i));
  data.stops.forEach((name, i) => { if (name) enter(name, "stop", i); });
  const ORDER = ["street", "park"];
  const entries = [...found.values()].filter((one) => one.words.length);

  // A word fits the beginning of a word, or is the same word shortened; so "st" finds Street and Stanton.
  const fits = (asked, word) => word.startsWith(asked) || short(word) === short(asked);
  function score(entry, asked) {
    let sum = 0;
    let last = -1;
    for (const word of asked) {
      const at = entry.words.findIndex((one, k) => k > last && fits(word, one));
      const any = at < 0 ? entry.words.findIndex((one) => fits(word, one)) : at;
      if (any < 0) return null;
      sum += (at < 0 ? 30 : 0) + any * 3 + (entry.words[any] === word ? 0 : 1);
      last = Math.max(last, any);
    }
    const rank = ORDER.indexOf(entry.kind);
    return sum + entry.words.length + (rank < 0 ? ORDER.length : rank) * 2;
  }
  function sought(text) {
    const asked = plain(text);
    // A number in front that no name has is that of a house.
    for (const words of asked.length > 1 && /^\d+[a-z]?$/.test(asked[0]) ? [asked, asked.slice(1)] : [asked]) {
      if (!words.length) continue;
      const scored = entries.map((entry) => [score(entry, words), entry]).filter(([s]) => s !== null);
      if (scored.length) return scored.sort((a, b) => a[0] - b[0] || (a[1].name < b[1].name ? -1 : 1)).map(([, entry]) => entry);
    }
    return [];
  }

  // ------------------------------------------------------------------------------------------------ the list
  let shown = [];
  let chosen = -1;
  function close() {
    list.hidden = true;
    list.replaceChildren();
    field.setAttribute("aria-expanded", "false");
    field.removeAttribute("aria-activedescendant");
    shown = [];
    chosen = -1;
  }
  const kind = (entry) => page.texts().kinds[entry.kind] || entry.kind;
  function open() {
    const text = field.value;
    clear.hidden = !text;
    const every = plain(text).length ? sought(text) : [];
    close();
    if (!plain(text).length) {
      tell.replaceChildren();
      return;
    }
    shown = every.slice(0, MOST);
    list.replaceChildren(...shown.map((entry, i) => {
      const line = make("li", { role: "option", id: "find-" + i, "aria-selected": "false" }, make("span", { lang: "" }, entry.name), " ", make("i", {}, kind(entry)));
      line.addEventListener("pointerdown", (event) => event.preventDefault());
      line.addEventListener("click", () => pick(entry));
      return line;
    }));
    list.hidden = !shown.length;
    field.setAttribute("aria-expanded", String(shown.length > 0));
    const n = every.length;
    tell.textContent = n === 0 ? page.word("found_none") : n === 1 ? page.word("found_one") : page.word(n > MOST ? "found_more" : "found_many", { n, most: MOST });
  }
  function choose(i) {
    chosen = i;
    [...list.children].forEach((line, k) => line.setAttribute("aria-selected", String(k === i)));
    if (i < 0) field.removeAttribute("aria-activedescendant");
    else {
      field.setAttribute("aria-activedescendant", "find-" + i);
      list.children[i].scrollIntoView({ block: "nearest" });
    }
  }

  // ------------------------------------------------------------------------------------------------ on the map
  let mark = null;
  let marked = null;
  function shape(entry) {
    const of = (name) => layer(data.layers[name]).getLayers();
    if (entry.kind === "street" || entry.kind === "park") {
      const parts = entry.parts.flatMap(([feature, from, to]) => of(entry.kind + "s")[feature].feature.geometry.coordinates.slice(from, to));
      return { type: entry.kind === "park" ? "MultiPolygon" : "MultiLineString", coordinates: parts };
    }
    const points = of(entry.kind === "stop" ? "stops" : "places");
    return { type: "MultiPoint", coordinates: entry.parts.map((i) => points[i].feature.geometry.coordinates) };
  }
  function forget() {
    if (mark) mark.remove();
    mark = marked = null;
  }
  function show(entry) {
    forget();
    const geometry = shape(entry);
    const dot = (how) => (feature, at) => L.circleMarker(at, how);
    const drawn = (style, radius) => L.geoJSON(geometry, { pane: "found", interactive: false, style, pointToLayer: dot({ ...style, pane: "found", interactive: false, radius, fill: true, fillOpacity: 1, fillColor: style.color }) });
    const edge = drawn({ color: "#16181d", weight: 10, opacity: 1, fillOpacity: 0 }, 10);
    const core = drawn({ color: "#ffd34d", weight: 5, opacity: 1, fillOpacity: 0.35, fillColor: "#ffd34d" }, 7);
    const name = L.tooltip({ permanent: true, direction: "top", className: "found-name", offset: [0, -4] }).setLatLng(middle(geometry)).setContent(make("span", {}, entry.name));
    mark = L.layerGroup([edge, core, name]).addTo(map);
    marked = { entry, geometry };
    map.fitBounds(near(core.getBounds()), { padding: [50, 50], maxZoom: 16.5, animate: false });
  }
  // Of a street that leads far away, the part around the district.
  function near(bounds) {
    const home = layer(data.layers.outline).getBounds().pad(0.15);
    if (!home.intersects(bounds)) return bounds;
    return L.latLngBounds(
      [Math.max(home.getSouth(), bounds.getSouth()), Math.max(home.getWest(), bounds.getWest())],
      [Math.min(home.getNorth(), bounds.getNorth()), Math.min(home.getEast(), bounds.getEast())]);
  }
  // Where the name stands: half way along the longest line, or at the first point.
  function middle(geometry) {
    const flip = ([x, y]) => [y, x];
    if (geometry.type === "MultiPoint") return flip(geometry.coordinates[0]);
    const lines = geometry.type === "MultiPolygon" ? geometry.coordinates.map((one) => one[0]) : geometry.coordinates;
    const line = lines.reduce((a, b) => (b.length > a.length ? b : a));
    if (geometry.type === "MultiPolygon") return L.latLngBounds(line.map(flip)).getCenter();
    const k = Math.floor((line.length - 1) / 2);
    const to = line[Math.min(k + 1, line.length - 1)];
    return [(line[k][1] + to[1]) / 2, (line[k][0] + to[0]) / 2];
  }
  const inRing = ([x, y], ring) => {
    let inside = false;
    for (let a = 0, b = ring.length - 1; a < ring.length; b = a++) {
      const [[ax, ay], [bx, by]] = [ring[a], ring[b]];
      if (ay > y !== by > y && x < ((bx - ax) * (y - ay)) / (by - ay) + ax) inside = !inside;
    }
    return inside;
  };
  const within = (point, geometry) => (geometry.type === "Polygon" ? [geometry.coordinates] : geometry.coordinates)
    .some(([outer, ...holes]) => inRing(point, outer) && !holes.some((hole) => inRing(point, hole)));
  const STEP = 0.0003;
  function samples(geometry) {
    if (geometry.type === "MultiPoint") return geometry.coordinates;
    const points = [];
    for (const line of geometry.type === "MultiPolygon" ? geometry.coordinates.map((one) => one[0]) : geometry.coordinates) {
      for (let k = 1; k < line.length; k++) {
        const [[ax, ay], [bx, by]] = [line[k - 1], line[k]];
        const n = Math.max(1, Math.ceil(Math.hypot(bx - ax, by - ay) / STEP));
        for (let s = 0; s < n; s++) points.push([ax + ((bx - ax) * (s + 0.5)) / n, ay + ((by - ay) * (s + 0.5)) / n]);
      }
    }
    return points;
  }
  // The areas that what was found lies in, those with the most of it first; a part too small to see is left out.
  function areas(geometry) {
    const points = samples(geometry);
    const counted = page.levels[page.current.level].getLayers()
      .map((one) => [one.feature.properties.i, points.filter((point) => within(point, one.feature.geometry)).length])
      .sort((a, b) => b[1] - a[1]);
    return counted.filter(([, n]) => n > 0.1 * counted[0][1]).map(([i]) => i);
  }
  function say() {
    const { entry, geometry } = marked;
    const told = make("p", {}, page.word("found_here", { name: entry.name, kind: kind(entry) }), " ");
    if (page.current) {
      const inside = areas(geometry);
      told.append(page.word(inside.length ? "found_in" : "found_outside"));
      for (const i of inside.slice(0, MOST_AREAS)) {
        const button = make("button", { type: "button", class: "open-area" }, page.name(page.current, i) + ": " + page.cell(page.current, i).value);
        button.addEventListener("click", () => page.open(i, button));
        told.append(" ", button);
      }
      if (inside.length > MOST_AREAS) told.append(" " + page.word("found_rest", { n: inside.length - MOST_AREAS }));
    }
    tell.replaceChildren(told);
  }
  function pick(entry) {
    field.value = entry.name;
    clear.hidden = false;
    close();
    map.closePopup();
    show(entry);
    say();
  }
  function wipe() {
    field.value = "";
    clear.hidden = true;
    tell.replaceChildren();
    forget();
    close();
  }

  field.addEventListener("input", open);
  field.addEventListener("keydown", (event) => {
    const n = shown.length;
    if (event.key === "ArrowDown" && n) choose((chosen + 1) % n);
    else if (event.key === "ArrowUp" && n) choose((chosen - 1 + n) % n);
    else if (event.key === "Enter") {
      const entry = shown[Math.max(chosen, 0)];
      if (entry) pick(entry);
    } else if (event.key === "Escape" && (n || field.value)) n ? close() : wipe();
    else return;
    event.preventDefault();
    event.stopPropagation();
  });
  // Who came back meanwhile is typing: the list is theirs.
  field.addEventListener("blur", () => setTimeout(() => { if (document.activeElement !== field) close(); }, 150));
  clear.addEventListener("click", () => { wipe(); field.focus(); });
  page.retell(() => { close(); if (marked) say(); else tell.replaceChildren(); });
  page.again = () => { if (marked) say(); };
})(window.justgeo);
