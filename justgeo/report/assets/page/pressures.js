/* The part on displacement: its cards stand in the page, and a popup shows a copy. */
(function (page) {
  "use strict";
  const { data, map, make } = page;
  page.card = function (i) {
    if (!data.pressures.includes(page.current.id)) return null;
    const id = data.levels[page.current.level].ids[i];
    const found = [...document.querySelectorAll(".pressures .tract")].find((one) => one.dataset.zone === id);
    if (!found) return null;
    const name = found.querySelector("summary b");
    const brief = map.getContainer().clientWidth < 420;
    const head = make("p", { class: "tract-name" }, name ? name.textContent : page.name(page.current, i));
    const copy = make("div", { lang: page.code, class: brief ? "tip brief" : "tip" }, head, found.querySelector(".tract-card").cloneNode(true));
    const more = make("button", { type: "button", class: "whole" }, found.closest(".tongue").dataset.more);
    more.addEventListener("click", () => {
      found.open = true;
      found.scrollIntoView({ block: "start" });
      found.querySelector("summary").focus({ preventScroll: true });
    });
    copy.append(more);
    return copy;
  };
  page.retell(() => map.closePopup());
  document.addEventListener("click", (event) => {
    const all = event.target.closest(".all-cards");
    if (!all) return;
    const on = all.getAttribute("aria-pressed") !== "true";
    all.setAttribute("aria-pressed", String(on));
    for (const one of all.closest(".by-tract").querySelectorAll(".tract")) one.open = on;
  });
})(window.justgeo);
