// Adds, never replaces: times in the reader's zone, and lateness. The page is complete without it.
(() => {
"use strict";
const root = document.documentElement, all = (s, f) => document.querySelectorAll(s).forEach(f);
const clock = new Intl.DateTimeFormat(root.lang || "en", {hour: "2-digit", minute: "2-digit", hourCycle: "h23"});
const unit = (n, u) => new Intl.NumberFormat(root.lang || "en", {style: "unit", unit: u, unitDisplay: "long"}).format(n);
const offset = t => { const m = /([+-])(\d\d):(\d\d)$/.exec(t); return m ? (m[1] + 1) * (m[2] * 60 + +m[3]) : 0; };
const put = (e, text) => { if (e.textContent !== text) e.textContent = text; };
all("[data-here]", e => {
  const t = e.dataset.here;
  if (-new Date(t).getTimezoneOffset() !== offset(t)) e.textContent = root.dataset.yours.replace("{}", clock.format(new Date(t)));
});
const tick = () => {
  const now = Date.now();
  all("[data-stop]", e => e.classList.toggle("late", now >= Date.parse(e.dataset.stop)));
  all("[data-due]", e => {
    const min = Math.floor((now - Date.parse(e.dataset.due)) / 6e4);
    if (min < 0) return;
    const [said, ago, lost] = e.querySelectorAll("span");
    put(said, e.dataset.late);
    put(ago, min < 1 ? "" : "(" + [[Math.floor(min / 1440), "day"], [Math.floor(min / 60) % 24, "hour"], [min % 60, "minute"]]
      .filter(p => p[0]).slice(0, 2).map(p => unit(...p)).join(" ") + ")");
    if (min > e.dataset.lost) put(lost, e.dataset.phone);
    e.classList.add("late");
  });
};
tick();
setInterval(tick, 15e3);
})();
