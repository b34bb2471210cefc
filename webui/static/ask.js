// The box: grows, sends on Enter, keeps a draft; and what happens around a question.
(() => {
  const form = document.getElementById("ask");
  const again = document.getElementById("again");
  const box = document.getElementById("question");
  const thread = document.getElementById("thread");
  const problems = document.getElementById("problems");
  const key = `draft:${form.dataset.person}`;
  let asked = "";

  const grow = () => {
    box.style.height = "auto";
    box.style.height = `${box.scrollHeight}px`;
  };
  const keep = () => {
    try {
      if (box.value) localStorage.setItem(key, box.value); else localStorage.removeItem(key);
    } catch { /* no storage: no draft */ }
  };
  const say = (text) => {
    const notice = document.createElement("div");
    notice.className = "notice notice-blocked";
    notice.textContent = text;
    problems.replaceChildren(notice);
  };
  try { box.value ||= localStorage.getItem(key) ?? ""; } catch { /* no storage: no draft */ }
  grow();
  box.addEventListener("input", () => { grow(); keep(); });
  box.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    if (box.value.trim()) form.requestSubmit();
  });

  // Before anybody else hears of it: whoever takes a question notes at once that there is one.
  document.addEventListener("submit", (event) => {
    if (event.target !== form && event.target !== again) return;
    // As the server counts: signs, not halves of them.
    const length = event.target === form ? [...box.value].length : 0, most = Number(box.dataset.most);
    if (length > most) {
      event.preventDefault();
      event.stopImmediatePropagation();
      return say(`A question is up to ${most.toLocaleString()} characters, and this has ${length.toLocaleString()}. What you typed is kept: shorten it, and ask again.`);
    }
    if (thread.getAttribute("aria-busy") !== "true") return;
    say("The question before this one is still being answered. What you typed is kept: ask it when that is done, or stop the other.");
  }, true);
  document.addEventListener("htmx:before:request", (event) => {
    const { ctx } = event.detail;
    if (ctx.sourceElement !== form && ctx.sourceElement !== again) return;
    asked = ctx.sourceElement === form ? box.value : "";
    thread.setAttribute("aria-busy", "true");
    problems.replaceChildren();
  });
  // The question is taken: from here on it belongs to the conversation.
  document.addEventListener("conversation", (event) => {
    const { conversation } = JSON.parse(event.detail.data);
    for (const field of document.querySelectorAll("input[name=conversation]")) field.value = conversation;
    if (asked && box.value === asked) { box.value = ""; keep(); grow(); }
    document.getElementById("start")?.remove();
    const here = `/analytics?conversation=${conversation}`;
    history.replaceState(history.state, "", here);
    document.querySelector("#theme-choice").form.elements.next.value = here;
  });
  document.addEventListener("htmx:after:swap", () => {
    const turn = thread.lastElementChild;
    if (!turn?.matches(".is-new") || turn.dataset.seen !== undefined) return;
    for (const old of thread.querySelectorAll(".is-new[data-seen]")) old.classList.remove("is-new");
    turn.dataset.seen = "";
    turn.scrollIntoView({ block: "start" });
  });
  document.addEventListener("htmx:finally:request", () => thread.removeAttribute("aria-busy"));
  document.addEventListener("htmx:error", () => {
    say("Countersign cannot be reached just now. What you typed is kept; ask again in a moment.");
  });

  const back = document.getElementById("log-in-again");
  back.addEventListener("click", () => {
    back.href = `/login?next=${encodeURIComponent(location.pathname + location.search)}`;
  });
  // Edit and ask again: what was asked goes into the box, after what was being typed is kept.
  document.addEventListener("click", (event) => {
    const edit = event.target.closest("[data-edit]");
    if (!edit || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    box.value = edit.dataset.edit;
    grow();
    keep();
    box.focus();
    box.setSelectionRange(box.value.length, box.value.length);
  });
})();
