// What pages do by themselves; every form works without it.
(() => {
  document.getElementById("theme-choice")?.addEventListener("change", (event) => {
    event.target.form.requestSubmit();
  });

  // Moments in the reader's zone, with UTC on hover. What is told relatively ("3 min ago") stays.
  const locale = navigator.language;
  const date = { year: "numeric", month: "short", day: "numeric" };
  const short = new Intl.DateTimeFormat(locale, { ...date, hour: "2-digit", minute: "2-digit" });
  const long = new Intl.DateTimeFormat(locale, { ...date, hour: "2-digit", minute: "2-digit", second: "2-digit", timeZoneName: "short" });
  const tellTime = (element) => {
    element.dataset.told = "";
    const moment = new Date(element.dateTime);
    if (Number.isNaN(moment.valueOf())) return;
    const utc = `${moment.toISOString().slice(0, 19).replace("T", " ")} UTC`;
    const text = element.textContent.trim();
    if (text.endsWith("UTC")) {
      element.textContent = (/\d:\d\d:\d\d/.test(text) ? long : short).format(moment);
      element.title = utc;
    } else {
      element.title = `${long.format(moment)} (${utc})`;
    }
  };

  // Numbers with the reader's own separators, digit by digit: nothing is rounded here.
  const parts = new Intl.NumberFormat(`${locale}-u-nu-latn`).formatToParts(-1234567.5);
  const sign = (type) => parts.find((part) => part.type === type)?.value ?? "";
  const whole = new Intl.NumberFormat(`${locale}-u-nu-latn`, { maximumFractionDigits: 0 });
  const isEnglish = sign("group") === "," && sign("decimal") === "." && whole.format(1e7) === "10,000,000";
  const local = (text) => text.replace(/(\d[\d,]*)(?:\.(\d+))?/g, (_, digits, fraction) => {
    const grouped = digits.includes(",") ? whole.format(BigInt(digits.replaceAll(",", ""))) : digits;
    return fraction === undefined ? grouped : grouped + sign("decimal") + fraction;
  });
  const tellNumber = (element) => {
    element.dataset.number = "told";
    element.textContent = local(element.textContent);
  };
  window.countersign = {
    // For charts, as d3-format has it.
    numbers: isEnglish ? null : { decimal: sign("decimal"), thousands: sign("group"), grouping: [3], currency: ["$", ""] },
  };

  const tell = () => {
    for (const element of document.querySelectorAll('time[datetime*="T"]:not([data-told])')) tellTime(element);
    if (isEnglish) return;
    for (const element of document.querySelectorAll('[data-number=""]')) tellNumber(element);
  };
  document.addEventListener("htmx:after:swap", tell);
  tell();

  // A menu closes when something else is chosen, or with Escape.
  document.addEventListener("click", (event) => {
    for (const menu of document.querySelectorAll("details.menu[open]")) {
      if (!menu.contains(event.target) || event.target.closest("a")) menu.open = false;
    }
  });
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    const menu = event.target.closest?.("details.menu[open]");
    if (menu) menu.open = false, menu.querySelector("summary").focus();
  });
})();
