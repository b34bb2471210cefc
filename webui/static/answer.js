// What an answer does by itself: the switch between widgets, copying, tabs, unfolding.
(() => {
  const thread = document.getElementById("thread");
  const { charts } = countersign;
  const show = (views, name) => {
    views.dataset.shown = name;
    for (const button of views.querySelectorAll("[data-view]")) {
      button.setAttribute("aria-pressed", String(button.dataset.view === name));
    }
    if (!charts.show(views, name)) return;
    for (const link of views.parentElement.querySelectorAll("a[data-draws]")) {
      const url = new URL(link.href);
      url.searchParams.set("widget", name);
      link.href = url.pathname + url.search;
    }
  };

  const prepare = () => {
    charts.prepare((views) => show(views, "table"));
    for (const parts of thread.querySelectorAll("[data-tabs]")) makeTabs(parts);
  };

  // Sections one below the other become tabs.
  const makeTabs = (parts) => {
    const list = document.createElement("div");
    list.className = "tabs";
    list.setAttribute("role", "tablist");
    list.setAttribute("aria-label", parts.dataset.tabs);
    parts.removeAttribute("data-tabs");
    for (const section of parts.querySelectorAll(":scope > section")) {
      const heading = section.querySelector("h3");
      const tab = document.createElement("button");
      tab.type = "button";
      tab.id = `tab-${section.id}`;
      tab.textContent = heading.textContent;
      tab.setAttribute("role", "tab");
      tab.setAttribute("aria-controls", section.id);
      heading.hidden = true;
      section.setAttribute("role", "tabpanel");
      section.setAttribute("aria-labelledby", tab.id);
      list.append(tab);
    }
    parts.prepend(list);
    choose(list.firstElementChild);
  };
  const choose = (tab) => {
    for (const other of tab.parentElement.children) {
      const isChosen = other === tab;
      other.setAttribute("aria-selected", String(isChosen));
      other.tabIndex = isChosen ? 0 : -1;
      document.getElementById(other.getAttribute("aria-controls")).hidden = !isChosen;
    }
  };
  const beside = { ArrowRight: 1, ArrowLeft: -1, Home: -Infinity, End: Infinity };
  document.addEventListener("keydown", (event) => {
    const button = event.target.closest?.("[role=tab], [data-view]");
    const step = beside[event.key];
    if (!button || step === undefined) return;
    event.preventDefault();
    const all = [...button.parentElement.children], place = all.indexOf(button) + step;
    const next = all[Number.isFinite(place) ? (place + all.length) % all.length : place < 0 ? 0 : all.length - 1];
    next.focus();
    next.click();
  });

  const copied = (button, text) => navigator.clipboard.writeText(text).then(() => {
    const before = button.textContent;
    button.textContent = "Copied";
    setTimeout(() => { button.textContent = before; }, 2000);
  });
  document.addEventListener("click", (event) => {
    const at = (selector) => event.target.closest(selector);
    const view = at("[data-view]"), tab = at("[role=tab]");
    const keep = at("button[form=keep]");
    if (keep) keep.form.elements.widget.value = keep.closest(".turn").querySelector(".views").dataset.shown;
    if (view) show(view.closest(".views"), view.dataset.view);
    if (tab) choose(tab);
    const copy = at("[data-copy]"), link = at("a[data-link]");
    if (copy) copied(copy, copy.dataset.copy);
    if (link && navigator.clipboard && !event.ctrlKey && !event.metaKey) {
      event.preventDefault();
      copied(link, link.href);
    }
    const opens = at("a[data-opens]");
    if (opens) {
      const proof = document.getElementById(opens.hash.slice(1));
      const details = proof?.closest("details") ?? proof;
      if (details) details.open = true;
      const wanted = document.getElementById(`tab-${proof?.id}`);
      if (wanted) choose(wanted);
    }
  });

  // What is copied from a table is whole, whatever was rounded for the eye.
  document.addEventListener("copy", (event) => {
    const chosen = document.getSelection();
    const from = chosen.rangeCount ? chosen.getRangeAt(0).cloneContents() : null;
    if (!from?.querySelector?.("td[title], td[data-number]")) return;
    const rows = from.querySelectorAll("tr:not([hidden])");
    const exact = (cell) => cell.title || cell.textContent.trim();
    const lines = rows.length
      ? [...rows].map((row) => [...row.children].map(exact).join("\t"))
      : [[...from.querySelectorAll("td")].map(exact).join("\t")];
    event.clipboardData.setData("text/plain", lines.join("\n"));
    event.preventDefault();
  });

  document.addEventListener("htmx:before:response", (event) => {
    const { ctx } = event.detail;
    const problems = document.getElementById("problems");
    if (ctx.sourceElement?.matches('[hx-trigger*="every"]')) return;
    if (ctx.response.status >= 400 && problems) ctx.target = problems, ctx.swap = "innerHTML";
    if (ctx.response.status === 401) document.getElementById("session-ended")?.showModal();
  });
  document.addEventListener("htmx:after:swap", prepare);
  prepare();
})();
