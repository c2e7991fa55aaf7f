/* What all parts of the page's script share: its data, the words of the language that is chosen, nodes made of texts.
   Texts are set as text, never as HTML. */
(function () {
  "use strict";
  const byId = (id) => document.getElementById(id);
  const data = JSON.parse(byId("justgeo-data").textContent);
  const listeners = [];
  const page = (window.justgeo = { data, byId, current: null, code: "en" });

  page.layer = (name) => (name ? window[name] : null);
  page.map = page.layer(data.layers.map);

  // A column of the data, or its one value where it has no other.
  page.at = (column, i) => (Array.isArray(column) ? column[i] : column);

  page.make = function (tag, attributes, ...children) {
    const node = document.createElement(tag);
    for (const [key, value] of Object.entries(attributes || {})) {
      if (key === "class") node.className = value;
      else node.setAttribute(key, value);
    }
    for (const child of children) if (child !== null) node.append(child);
    return node;
  };
  page.draw = function (tag, attributes, ...children) {
    const node = document.createElementNS("http://www.w3.org/2000/svg", tag);
    for (const [key, value] of Object.entries(attributes || {})) node.setAttribute(key, value);
    for (const child of children) node.append(child);
    return node;
  };

  // ------------------------------------------------------------------------------------------------ words
  const filled = (text, values) => text.replace(/\{(\w+)\}/g, (whole, key) => (key in values ? String(values[key]) : whole));
  page.texts = () => data.texts[page.code];
  page.word = (key, values) => filled(page.texts()[key], values || {});
  // A text of the results is plain, or parts of which some stayed English; of another language only what differs is there.
  const said = (n) => (page.code !== "en" && data.said[page.code][n] !== undefined ? data.said[page.code][n] : data.said.en[n]);
  page.told = function (n) {
    const text = said(n);
    return typeof text === "string" ? text : text.map((part) => part[0]).join("");
  };
  page.put = function (node, n) {
    const text = said(n);
    const parts = typeof text === "string" ? [[text, ""]] : text;
    node.replaceChildren(...parts.map(([part, lang]) => (lang ? page.make("span", { lang }, part) : part)));
    return node;
  };
  page.retell = (listener) => listeners.push(listener);
  document.addEventListener("justgeo:language", (event) => {
    if (!(event.detail.code in data.texts)) return;
    page.code = event.detail.code;
    for (const listener of listeners) listener();
  });
})();
