/* Everything is there: show the first indicator. */
(function (page) {
  "use strict";
  page.home();
  if (!page.data.first || !page.show(page.data.first)) page.blank();
  document.documentElement.dataset.ready = "true";
})(window.justgeo);
