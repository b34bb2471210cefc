// Keys of the approvals pages; everything works without it.
(() => {
  const items = () => [...document.querySelectorAll(".queue-item")];
  const go = (by) => {
    const all = items();
    const at = all.findIndex((item) => item.getAttribute("aria-current"));
    const next = at < 0 ? all[0] : all[at + by];
    if (next) next.click();
  };
  const isTyping = (event) =>
    event.target.closest("input, textarea, select, [contenteditable]") !== null;
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "Escape" && isTyping(event)) return event.target.blur();
    if (isTyping(event) || document.querySelector("dialog[open]")) return;
    if (event.key === "j") return go(1);
    if (event.key === "k") return go(-1);
    const place = document.querySelector(`[data-key="${CSS.escape(event.key)}"]`);
    if (!place) return;
    event.preventDefault();
    if (place.tagName === "SUMMARY") place.parentElement.open = true;
    place.focus();
    place.scrollIntoView({ block: "nearest" });
  });
  document.querySelector(".queue-item[aria-current]")?.scrollIntoView({ block: "nearest" });
  // A plan's form has an empty row to add with; once it is used there is another.
  for (const part of document.querySelectorAll("fieldset[data-grows]")) {
    part.addEventListener("input", () => {
      const last = part.querySelector(".plan-row:last-of-type");
      if (!last.querySelector("select").value) return;
      const row = last.cloneNode(true), number = part.querySelectorAll(".plan-row").length + 1;
      const renumbered = (text) => text.replace(/\d+$/, number);
      for (const field of row.querySelectorAll("[id]")) field.id = renumbered(field.id);
      for (const label of row.querySelectorAll("label")) {
        label.htmlFor = renumbered(label.htmlFor);
        label.textContent = renumbered(label.textContent);
      }
      row.querySelector("select").value = "";
      for (const field of row.querySelectorAll("input")) field.value = "";
      last.after(row);
    });
  }
  for (const form of document.querySelectorAll("form[data-submits]")) {
    form.addEventListener("change", () => form.requestSubmit());
  }
  // nobody reads a page in the background
  document.body.addEventListener("htmx:before:request", (event) => {
    const source = event.detail.ctx.sourceElement;
    if (document.hidden && source.hasAttribute("data-poll")) event.preventDefault();
  });
})();
