// What an answer does by itself: its chart, the switch to the table, copying, unfolding.
(() => {
  const thread = document.getElementById("thread");
  let drawing;

  const script = (url) => new Promise((resolve, reject) => {
    const element = document.createElement("script");
    element.src = url;
    element.onload = resolve;
    element.onerror = () => reject(new Error(`${url} did not load`));
    document.head.append(element);
  });
  // Large, so fetched only when there is something to draw; each needs the one before.
  const tools = () => drawing ??= (async () => {
    for (const url of [thread.dataset.vega, thread.dataset.vegaLite, thread.dataset.vegaEmbed]) await script(url);
  })();

  const show = (views, name) => {
    views.dataset.shown = name;
    for (const button of views.querySelectorAll("[data-view]")) {
      button.setAttribute("aria-pressed", String(button.dataset.view === name));
    }
  };

  const draw = async (place) => {
    const { spec, rows } = JSON.parse(place.dataset.chart);
    place.removeAttribute("data-chart");
    try {
      await tools();
      // `ast` has expressions interpreted, never compiled: the page allows no eval, nor styles of theirs.
      await vegaEmbed(place, { ...spec, datasets: { rows } }, {
        mode: "vega-lite", renderer: "canvas", logLevel: vega.Error, actions: false, ast: true,
        defaultStyle: false, tooltip: { disableDefaultStyle: true },
        loader: { load: () => Promise.reject(new Error("a chart loads nothing")), sanitize: () => Promise.reject(new Error("a chart links nowhere")) },
      });
      place.dataset.drawn = "";
    } catch (error) {
      console.warn("The chart could not be drawn; its table is shown.", error);
      show(place.closest(".views"), "table");
    }
  };
  const drawAll = () => {
    for (const place of thread.querySelectorAll("[data-chart]")) draw(place);
  };

  document.addEventListener("click", (event) => {
    const view = event.target.closest("[data-view]");
    if (view) show(view.closest(".views"), view.dataset.view);
    const copy = event.target.closest("[data-copy]");
    if (copy) {
      navigator.clipboard.writeText(copy.dataset.copy).then(() => { copy.textContent = "Copied"; });
    }
    const opens = event.target.closest("a[data-opens]");
    if (opens) {
      const proof = document.getElementById(opens.hash.slice(1));
      const details = proof?.closest("details") ?? proof;
      if (details) details.open = true;
    }
  });
  document.addEventListener("htmx:after:swap", drawAll);
  drawAll();
})();
