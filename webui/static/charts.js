// Charts of answers: drawing, zooming, and choosing values, which leaves those of the table.
(() => {
  const thread = document.getElementById("thread");
  const ROW = "__row";
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

  // Of each chart: its `specs` and `rows`, the `kind` that is shown, what is `drawn`, which rows
  // are `chosen`, and the one that keys are `at`.
  const charts = new WeakMap();
  let giveUp = () => {};

  // Dragging moves along time; the wheel zooms only with Ctrl or ⌘, so that it still scrolls.
  const zoom = { name: "zoom", bind: "scales", select: { type: "interval", encodings: ["x"], zoom: "wheel![event.ctrlKey || event.metaKey]" } };
  const isLit = `!length(lit) || indexof(lit, datum.${ROW}) >= 0`;
  // What is zoomed in on ends at the axes, with room for the first and the last point. What is
  // pointed at are points, seen or not, as a line can tell no value but its first; what is chosen
  // on it is a larger point.
  const asLine = ({ mark, encoding: { tooltip, ...encoding }, ...spec }) => ({
    ...spec,
    encoding: { ...encoding, x: { ...encoding.x, scale: { ...encoding.x.scale, padding: 6 } } },
    layer: [
      { mark: { ...mark, clip: true }, params: [zoom] },
      { mark: { type: "point", filled: true, size: 90, opacity: 0, clip: true }, encoding: { tooltip } },
      { mark: { type: "point", filled: true, size: 150, opacity: 1, clip: true, tooltip: null }, transform: [{ filter: `indexof(lit, datum.${ROW}) >= 0` }] },
    ],
  });
  // What is not chosen steps back.
  const asParts = (spec) => ({
    ...spec,
    encoding: { ...spec.encoding, opacity: { condition: { test: isLit, value: 1 }, value: 0.3 } },
  });
  const whole = (spec, kind, rows) => ({
    ...(kind === "line" ? asLine(spec) : asParts(spec)),
    params: [{ name: "lit", value: [] }],
    datasets: { rows: rows.map((row, place) => ({ ...row, [ROW]: place })) },
  });

  const draw = async (place, kind) => {
    const given = charts.get(place);
    given.kind = kind;
    place.parentElement.querySelector(".zoom-buttons").hidden = kind !== "line";
    try {
      await tools();
      given.drawn?.finalize();
      // `ast` has expressions interpreted, never compiled: the page allows no eval, nor styles of theirs.
      given.drawn = await vegaEmbed(place, whole(given.specs[kind], kind, given.rows), {
        mode: "vega-lite", renderer: "canvas", logLevel: vega.Error, actions: false, ast: true,
        defaultStyle: false, tooltip: { disableDefaultStyle: true },
        ...(window.countersign?.numbers && { formatLocale: countersign.numbers }),
        loader: { load: () => Promise.reject(new Error("a chart loads nothing")), sanitize: () => Promise.reject(new Error("a chart links nowhere")) },
      });
      given.drawn.view.addEventListener("click", (event, item) => pick(place, event, item));
      place.dataset.drawn = kind;
      light(place);
    } catch (error) {
      console.warn("The chart could not be drawn; its table is shown.", error);
      giveUp(place.closest(".views"));
    }
  };
  const zoomBy = (button) => {
    const place = button.closest(".panel-chart").querySelector(".chart");
    const view = charts.get(place)?.drawn?.view;
    if (!view) return;
    const times = Number(button.dataset.zoom);
    if (!times) return draw(place, charts.get(place).kind);
    const [from, to] = view.scale("x").domain().map(Number);
    const half = ((to - from) / 2) * times, middle = (from + to) / 2;
    view.signal("zoom_x", [middle - half, middle + half]).runAsync();
  };

  const rowsOf = (place) => [...place.closest(".views").querySelectorAll("table.result tbody tr")];
  // What was pointed at: of a line the nearest of its points, unless it was moved along.
  const NEAR = 24;
  const points = (mark) => mark.items.flatMap((item) =>
    mark.marktype === "symbol" ? (Number.isInteger(item.datum?.[ROW]) ? [item] : []) : (item.items ?? []).flatMap(points));
  const pick = (place, event, item) => {
    const { kind, drawn: { view }, pressed } = charts.get(place);
    if (kind !== "line") {
      if (Number.isInteger(item?.datum?.[ROW])) toggle(place, item.datum[ROW]);
      return;
    }
    const box = place.querySelector("canvas").getBoundingClientRect(), [left, top] = view.origin();
    const from = (x, y) => Math.hypot(event.clientX - x, event.clientY - y);
    const far = ({ x, y }) => from(box.left + left + x, box.top + top + y);
    const found = points(view.scenegraph().root);
    if (!found.length || (pressed && from(...pressed) > 4)) return;
    const nearest = found.reduce((best, one) => far(one) < far(best) ? one : best);
    if (far(nearest) < NEAR) toggle(place, nearest.datum[ROW]);
  };
  document.addEventListener("pointerdown", (event) => {
    const given = charts.get(event.target.closest?.(".chart"));
    if (given) given.pressed = [event.clientX, event.clientY];
  });
  const toggle = (place, row) => {
    const { chosen } = charts.get(place);
    if (!chosen.delete(row)) chosen.add(row);
    narrow(place);
  };
  const clear = (place) => {
    charts.get(place).chosen.clear();
    narrow(place);
  };
  const light = (place) => {
    const { drawn, chosen, at } = charts.get(place);
    const lit = at === null ? [...chosen] : [...new Set([...chosen, at])];
    drawn?.view.signal("lit", lit).runAsync();
  };
  // The table has what is chosen, and says so beside the way back.
  const narrow = (place) => {
    const views = place.closest(".views"), { chosen } = charts.get(place), rows = rowsOf(place);
    rows.forEach((row, at) => { row.hidden = chosen.size > 0 && !chosen.has(at); });
    const foot = views.querySelector(".chosen");
    foot.hidden = !chosen.size;
    foot.querySelector("span").textContent = `${chosen.size} of ${rows.length} rows, chosen in the chart.`;
    light(place);
  };

  // By keys: along the rows as the table has them, each told in words.
  const along = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1, Home: -Infinity, End: Infinity };
  const tell = (place) => {
    const { at, chosen } = charts.get(place);
    const heads = [...place.closest(".views").querySelectorAll("table.result th")].map((head) => head.textContent);
    const cells = at === null ? [] : [...rowsOf(place)[at].cells];
    const words = cells.map((cell, place) => `${heads[place]}: ${cell.textContent.trim()}`).join(" · ");
    place.parentElement.querySelector(".chart-told").textContent = words && chosen.has(at) ? `${words} (chosen)` : words;
  };
  const go = (place, at) => {
    charts.get(place).at = at;
    light(place);
    tell(place);
  };
  document.addEventListener("keydown", (event) => {
    const place = event.target;
    const given = charts.get(place);
    if (!given?.drawn || event.ctrlKey || event.metaKey || event.altKey) return;
    const last = rowsOf(place).length - 1, step = along[event.key];
    if (step !== undefined) {
      const to = Number.isFinite(step) ? (given.at === null ? (step > 0 ? 0 : last) : given.at + step) : step < 0 ? 0 : last;
      go(place, Math.min(Math.max(to, 0), last));
    } else if ((event.key === "Enter" || event.key === " ") && given.at !== null) {
      toggle(place, given.at);
      tell(place);
    } else if (event.key === "Escape" && (given.chosen.size || given.at !== null)) {
      clear(place);
      go(place, null);
    } else return;
    event.preventDefault();
  });
  document.addEventListener("focusout", (event) => {
    if (charts.get(event.target)?.drawn) go(event.target, null);
  });
  document.addEventListener("click", (event) => {
    const zoomed = event.target.closest("[data-zoom]"), undo = event.target.closest("[data-all]");
    if (zoomed) zoomBy(zoomed);
    if (!undo) return;
    const place = undo.closest(".views").querySelector(".chart");
    clear(place);
    place.focus();
  });

  const prepare = (onFailure) => {
    giveUp = onFailure;
    for (const place of thread.querySelectorAll("[data-chart]")) {
      charts.set(place, { ...JSON.parse(place.dataset.chart), chosen: new Set(), at: null });
      place.removeAttribute("data-chart");
      const { specs } = charts.get(place);
      const shown = place.closest(".views").dataset.shown;
      draw(place, specs[shown] ? shown : Object.keys(specs)[0]);
    }
  };
  // Draws it, unless it is or cannot be; whether this is one of the chart's kinds.
  const show = (views, name) => {
    const place = views.querySelector(".chart");
    const given = place && charts.get(place);
    if (!given?.specs[name]) return false;
    if (given.kind !== name) draw(place, name);
    return true;
  };
  Object.assign(countersign, { charts: { prepare, show } });
})();
