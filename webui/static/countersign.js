// What pages do by themselves; every form works without it.
document.getElementById("theme-choice")?.addEventListener("change", (event) => {
  event.target.form.requestSubmit();
});
