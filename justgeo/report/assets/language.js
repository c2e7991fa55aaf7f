/* Puts the words of another language in the place of those that stand, and back. Nothing is asked for, nothing is stored.

   Each language is packed in the page (script[data-language]); English is what stood there when this script ran. Both come
   from the same templates, so that the two trees are walked side by side: texts are set as text, elements stay the same
   ones, with their listeners, their focus, and whether they are open. What is empty in the templates is filled by other
   scripts and is left to them; so is what has `data-own`.

   For those scripts, after each change `document` gets the event `justgeo:language` with `detail.code` ("en", "es"); what
   they say themselves stands in #justgeo-data in every language. */
(function () {
  "use strict";
  const box = document.getElementById("languages");
  if (!box) return;
  const html = document.documentElement;
  const TOLD = ["lang", "aria-label", "title", "alt", "placeholder", "data-lang", "data-head", "data-more"];
  const elements = (parent) => [...parent.children].filter((one) => one.tagName !== "SCRIPT");
  const roots = elements(document.body);
  const paper = document.getElementById("paper");
  const known = { en: { title: document.title, paper: paper.textContent, roots: roots.map((one) => one.cloneNode(true)) } };

  function unpack(code) {
    const packed = document.querySelector('script[data-language="' + code + '"]').textContent;
    const page = new DOMParser().parseFromString(window.justgeoUnpack(packed), "text/html");
    return { title: page.title, paper: page.getElementById("paper").textContent, roots: elements(page.body) };
  }

  const told = (node) => node.nodeType === Node.ELEMENT_NODE || (node.nodeType === Node.TEXT_NODE && node.data.trim() !== "");
  const parts = (node) => [...node.childNodes].filter(told);
  const alike = (one, other) => one.nodeName === other.nodeName && (one.id || "") === (other.id || "");
  function say(here, there) {
    for (const name of TOLD) {
      const value = there.getAttribute(name);
      if (value !== null) here.setAttribute(name, value);
      else if (name === "lang") here.removeAttribute(name);
    }
    if (!there.hasChildNodes() || here.hasAttribute("data-own")) return;
    const [old, fresh] = [parts(here), parts(there)];
    if (old.length !== fresh.length || !old.every((one, i) => alike(one, fresh[i]))) {
      here.replaceChildren(...[...there.childNodes].map((one) => document.importNode(one, true)));
      return;
    }
    old.forEach((one, i) => {
      if (one.nodeType === Node.ELEMENT_NODE) say(one, fresh[i]);
      else if (one.data !== fresh[i].data) one.data = fresh[i].data;
    });
  }

  function speak(code) {
    if (html.lang === code) return;
    const found = (known[code] = known[code] || unpack(code));
    const at = document.activeElement && document.activeElement !== document.body ? document.activeElement : null;
    const top = at ? at.getBoundingClientRect().top : 0;
    roots.forEach((one, i) => say(one, found.roots[i]));
    html.lang = code;
    document.title = found.title;
    paper.textContent = found.paper;
    for (const button of box.children) button.setAttribute("aria-pressed", String(button.dataset.language === code));
    document.dispatchEvent(new CustomEvent("justgeo:language", { detail: { code: code } }));
    if (at && at.isConnected) window.scrollBy({ top: at.getBoundingClientRect().top - top, behavior: "instant" });
  }

  const named = () => [...box.children].map((one) => one.dataset.language).find((code) => location.hash === "#" + code);
  for (const button of box.children) {
    button.addEventListener("click", () => {
      history.replaceState(null, "", "#" + button.dataset.language);
      speak(button.dataset.language);
    });
  }
  window.addEventListener("hashchange", () => named() && speak(named()));
  document.addEventListener("DOMContentLoaded", () => named() && speak(named()));
  box.hidden = false;
})();
