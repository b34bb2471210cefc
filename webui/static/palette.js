// Ctrl-K goes anywhere, ? tells the keys of the page. Without a script, "Go to" is a page.
(() => {
  const palette = document.getElementById("palette");
  const keys = document.getElementById("keys");
  if (!palette || !keys) return;
  const box = palette.querySelector("input");
  const options = () => [...palette.querySelectorAll("[role=option]")];
  const isTyping = (event) =>
    event.target.closest("input, textarea, select, [contenteditable]") !== null;

  const choose = (option) => {
    for (const one of options()) one.setAttribute("aria-selected", String(one === option));
    if (option) {
      box.setAttribute("aria-activedescendant", option.id);
      option.scrollIntoView({ block: "nearest" });
    } else box.removeAttribute("aria-activedescendant");
  };
  const chosen = () => palette.querySelector("[aria-selected=true]");
  let asking = new AbortController();
  let listed = null; // the words that the list is for
  const find = async () => {
    const words = box.value;
    asking.abort();
    asking = new AbortController();
    try {
      const reply = await fetch(`/go?q=${encodeURIComponent(words)}`, {
        headers: { "HX-Request": "true" },
        signal: asking.signal,
      });
      if (!reply.ok || reply.redirected) return;
      palette.querySelector("#palette-list").innerHTML = await reply.text();
      listed = words;
      choose(options()[0]);
    } catch {
      // typed on, or away just now: what is listed stays
    }
  };
  const open = () => {
    if (document.querySelector("dialog[open]")) return;
    box.value = "";
    palette.showModal();
    box.focus();
    find();
  };
  const tell = () => {
    const list = keys.querySelector("dl");
    const found = new Map();
    for (const place of document.querySelectorAll("[data-keys]")) {
      for (const line of place.dataset.keys.split("|")) {
        const at = line.indexOf(" ");
        found.set(line.slice(0, at), line.slice(at + 1));
      }
    }
    for (const place of document.querySelectorAll("[data-key]")) {
      found.set(place.dataset.key, place.dataset.says || place.textContent.trim());
    }
    found.set(/Mac|iPhone|iPad/.test(navigator.platform) ? "⌘K" : "Ctrl K", "Go to a page, conversation or metric");
    found.set("?", "These keys");
    list.replaceChildren(
      ...[...found].flatMap(([key, says]) => {
        const name = document.createElement("dt");
        const mark = document.createElement("kbd");
        mark.textContent = key;
        name.append(mark);
        const what = document.createElement("dd");
        what.textContent = says;
        return [name, what];
      }),
    );
    keys.showModal();
  };

  document.addEventListener("keydown", (event) => {
    if ((event.ctrlKey || event.metaKey) && !event.altKey && event.key.toLowerCase() === "k") {
      event.preventDefault();
      if (palette.open) palette.close();
      else open();
    } else if (event.key === "?" && !isTyping(event) && !document.querySelector("dialog[open]")) {
      event.preventDefault();
      tell();
    }
  });
  document.querySelector("[data-palette]")?.addEventListener("click", (event) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    open();
  });
  box.addEventListener("keydown", async (event) => {
    const all = options();
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step && all.length) {
      event.preventDefault();
      const at = all.indexOf(chosen());
      choose(all[(at + step + all.length) % all.length] ?? all[0]);
    } else if (event.key === "Enter") {
      event.preventDefault();
      if (listed !== box.value) await find();
      if (listed === box.value) chosen()?.click();
    }
  });
  let soon = 0;
  box.addEventListener("input", () => {
    clearTimeout(soon);
    soon = setTimeout(find, 120);
  });
  for (const dialog of [palette, keys]) {
    dialog.addEventListener("click", (event) => {
      if (event.target === dialog) dialog.close(); // beside it
    });
  }
})();
