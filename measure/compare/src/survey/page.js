// Everything can be read without this. It covers the figures for a class that predicts first (H), and shows one
// question alone (1 to 6; the same key or Escape shows all again).
"use strict";
(() => {
  const root = document.documentElement;
  let alone = null;
  const show = (question) => {
    alone = question === alone ? null : question;
    root.classList.toggle("alone", alone !== null);
    for (const one of document.querySelectorAll("[data-question]")) {
      one.classList.toggle("shown", one.dataset.question === alone);
    }
  };
  addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const key = event.key.toLowerCase();
    if (key === "h") root.classList.toggle("covered");
    else if (/^[1-6]$/.test(key)) show(key);
    else if (key === "escape") { root.classList.remove("covered"); if (alone !== null) show(alone); }
  });
})();
