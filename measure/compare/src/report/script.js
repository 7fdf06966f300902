// Everything can be read without this. It adds a choice of the theme and of the load, larger tips, and saving the data.
"use strict";
(() => {
  const root = document.documentElement;

  // The theme: what the system asks for, until somebody chooses.
  const theme = document.getElementById("theme");
  theme.hidden = false;
  theme.addEventListener("click", () => {
    const dark = root.dataset.theme
      ? root.dataset.theme === "dark"
      : matchMedia("(prefers-color-scheme: dark)").matches;
    root.dataset.theme = dark ? "light" : "dark";
  });

  // One load at a time, the same in every chart that has it.
  const charts = [...document.querySelectorAll("figure")]
    .map((figure) => ({ figure, choices: [...figure.querySelectorAll(":scope > .choice")] }))
    .filter(({ choices }) => choices.length > 1);
  const choose = (load) => {
    for (const { figure, choices } of charts) {
      if (!choices.some((one) => one.dataset.load === load)) continue;
      for (const one of choices) one.hidden = one.dataset.load !== load;
      for (const input of figure.querySelectorAll(".load-choice input")) input.checked = input.value === load;
    }
  };
  for (const { figure, choices } of charts) {
    const field = document.createElement("fieldset");
    field.className = "load-choice";
    const legend = document.createElement("legend");
    legend.textContent = document.body.dataset.choose;
    field.append(legend);
    for (const one of choices) {
      const label = document.createElement("label");
      const input = document.createElement("input");
      input.type = "radio";
      input.name = "load-" + figure.id;
      input.value = one.dataset.load;
      input.addEventListener("change", () => {
        // The charts above may change their height; the one in use stays where it is.
        const before = figure.getBoundingClientRect().top;
        choose(input.value);
        scrollBy(0, figure.getBoundingClientRect().top - before);
      });
      label.append(input, one.dataset.name);
      field.append(label);
      one.querySelector("h4").hidden = true;
    }
    choices[0].before(field);
    choose(choices[0].dataset.load);
  }
  choose(document.body.dataset.first);

  // Tips: the browser's own are too small for a projector.
  const tip = document.createElement("div");
  tip.id = "tip";
  tip.hidden = true;
  document.body.append(tip);
  for (const title of document.querySelectorAll("figure svg g > title")) {
    title.parentNode.dataset.tip = title.textContent;
    title.remove();
  }
  document.addEventListener("pointermove", (event) => {
    const over = event.target instanceof Element ? event.target.closest("[data-tip]") : null;
    tip.hidden = !over;
    if (!over) return;
    tip.textContent = over.dataset.tip;
    const { width, height } = tip.getBoundingClientRect();
    tip.style.left = Math.min(event.clientX + 14, innerWidth - width - 8) + "px";
    tip.style.top = Math.max(event.clientY - height - 12, 8) + "px";
  });

  // The data, from this file: nothing is fetched.
  const download = document.getElementById("download");
  download.hidden = false;
  download.addEventListener("click", () => {
    const text = document.getElementById("results").textContent;
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([text], { type: "application/json" }));
    link.download = "results.json";
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 1000);
  });
})();
