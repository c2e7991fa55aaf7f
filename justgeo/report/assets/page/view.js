/* How much of the map is seen: the whole district, the full screen, the wheel of the mouse. */
(function (page) {
  "use strict";
  const { data, map, byId } = page;
  const bounds = page.layer(data.layers.outline).getBounds();
  const whole = byId("map");
  page.home = function () {
    map.invalidateSize({ animate: false, pan: false });
    map.fitBounds(bounds, { padding: [26, 26], animate: false });
    page.thin();
  };
  byId("home").addEventListener("click", page.home);
  // The wheel moves the page until somebody has come to the map.
  map.on("focus click", () => map.scrollWheelZoom.enable());
  map.on("blur mouseout", () => map.scrollWheelZoom.disable());

  const names = () => {
    const box = map.getContainer();
    box.setAttribute("role", "group");
    box.setAttribute("aria-label", page.word("pan"));
    for (const [sign, key] of [["in", "closer"], ["out", "farther"]]) {
      const button = box.querySelector(".leaflet-control-zoom-" + sign);
      button.setAttribute("aria-label", page.word(key));
      button.setAttribute("title", page.word(key));
    }
  };
  page.retell(names);
  names();

  // ------------------------------------------------------------------------------------------------ full screen
  const button = byId("full");
  const isFull = () => whole.classList.contains("full");
  const name = () => { button.textContent = page.word(isFull() ? "unfull" : "full"); };
  page.retell(name);
  function fill(on) {
    if (on === isFull()) return;
    whole.classList.toggle("full", on);
    document.documentElement.classList.toggle("held", on);
    button.setAttribute("aria-pressed", String(on));
    name();
    page.home();
    button.focus({ preventScroll: true });
  }
  // Where the browser grants no full screen (some telephones), the map fills the window instead.
  button.addEventListener("click", () => {
    const on = !isFull();
    if (!on && document.fullscreenElement) document.exitFullscreen();
    if (on && whole.requestFullscreen) whole.requestFullscreen().catch(() => {});
    fill(on);
  });
  document.addEventListener("fullscreenchange", () => {
    if (!document.fullscreenElement) fill(false);
    setTimeout(page.home, 0);
  });
  whole.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && isFull() && !document.fullscreenElement && !event.defaultPrevented) fill(false);
  });
})(window.justgeo);
