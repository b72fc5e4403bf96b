// Adds, never replaces: the reader's own time, lateness, the end of a telephone number, plans whose hour has come, and
// a polite look for something newer. The page is complete without it.
(() => {
"use strict";
const root = document.documentElement, me = document.currentScript.getAttribute("src"), say = root.dataset;
const build = new URL("../build.json", document.currentScript.src);
const all = (s, f) => document.querySelectorAll(s).forEach(f), find = (s, d = document) => d.querySelector(s);
const clock = more => new Intl.DateTimeFormat(root.lang, {hour: "2-digit", minute: "2-digit", hourCycle: "h23", ...more});
const unit = (n, u) => new Intl.NumberFormat(root.lang, {style: "unit", unit: u, unitDisplay: "long"}).format(n);
const put = (e, text) => { if (e.textContent !== text) e.textContent = text; };
const MINUTE = 6e4, DAY = 1440;
let skew = 0;  // how far the reader's clock is behind the server's, in ms: 0 unless more than a minute
const now = () => Date.now() + skew;

// Times of the page's zone in the reader's own, with the day when it is another.
const here = () => all("[data-here]", e => {
  const [, day, sign, h, m] = /^(.{10}).*?(?:([+-])(\d\d):(\d\d))?$/.exec(e.dataset.here), t = new Date(e.dataset.here);
  if (-t.getTimezoneOffset() === (sign + 1 | 0) * (h * 60 + +m || 0)) return;
  const same = t.getDate() === +day.slice(8);
  put(e, say.yours.replace("{}", clock(same ? {} : {weekday: "short"}).format(t)));
});

// What the clock alone can tell. Runs both ways: the clock may be found wrong. True when it claims anything.
const tick = () => {
  const t = now(), since = text => Math.floor((t - Date.parse(text)) / MINUTE);
  let claims = false;
  const claim = (e, name, yes) => { e.classList.toggle(name, yes); claims ||= yes; };
  all("[data-stop]", e => claim(e, "late", since(e.dataset.stop) >= 0));
  all("[data-due]", e => {
    const min = since(e.dataset.due), [said, ago, lost] = e.querySelectorAll("span span");
    e.vow ??= said.textContent;
    put(said, min < 0 ? e.vow : e.dataset.late);
    put(ago, min < 1 ? "" : " (" + [[Math.floor(min / DAY), "day"], [Math.floor(min / 60) % 24, "hour"], [min % 60, "minute"]]
      .filter(p => p[0]).slice(0, 2).map(p => unit(...p)).join(" ") + ")");
    put(lost, min > e.dataset.lost ? " " + e.dataset.phone : "");
    claim(e, "late", min >= 0);
  });
  all("[data-until]", e => {
    const over = since(e.dataset.until) >= 0;
    if (over !== !!e.kept) {  // it keeps its place, so nothing moves
      e.style.minBlockSize = over ? e.getBoundingClientRect().height + "px" : "";
      const kept = e.kept;
      e.kept = over && [...e.childNodes];
      e.replaceChildren(...over ? [e.dataset.over] : kept);
    }
    claim(e, "gone", over);
    claim(e, "soon", since(e.dataset.from) < 0);
  });
  all("[data-plan]", e => {
    const over = since(e.dataset.ends) >= 0;
    put(e, over ? e.dataset.over : since(e.dataset.starts) >= 0 ? e.dataset.now : "");
    claims ||= !!e.textContent;
  });
  return claims;
};

// Something newer? A page cannot name the build that it belongs to (the build's name is made of the bytes of its pages),
// so the script compares content: what it stood for at load against what the server has, and it asks for the page only
// when build.json names another build than at the last look. Both requests carry If-None-Match (cache: "no-cache").
const parts = doc => [doc.title, doc.body.className, find(".stamp", doc)?.innerHTML, find("main", doc).innerHTML].join();
// Readers' own programs put styles and scripts of theirs into the page, also before ours.
const sameLook = html => html.includes(me) && [...document.querySelectorAll("style")].some(e => e.textContent && html.includes(`>${e.textContent}</style>`));
const news = document.createElement("p");
let shown = parts(document), known, wait, timer, busy, again = performance.getEntriesByType("navigation")[0]?.type !== "reload";
news.className = "vh";
news.setAttribute("role", "status");
document.body.prepend(news);

const show = doc => {
  const main = find("main"), next = find("main", doc), was = document.activeElement, open = new Set();
  const like = e => e.id ? "#" + CSS.escape(e.id) : e.localName + (e.hasAttribute("href") ? `[href=${CSS.escape(e.getAttribute("href"))}]` : "");
  const same = (e, d) => d.querySelectorAll(like(e) + ":not([tabindex])");
  main.querySelectorAll("details[open]").forEach(e => open.add(e.id || find("summary", e)?.textContent));
  next.querySelectorAll("details").forEach(e => { if (open.has(e.id || find("summary", e)?.textContent)) e.open = true; });
  const top = [...main.querySelectorAll("[id]")].find(e => e.getBoundingClientRect().bottom > 0), at = top?.getBoundingClientRect().top;
  const focus = main.contains(was) && [...same(was, main)].indexOf(was);
  main.replaceWith(next);
  document.title = doc.title;
  document.body.className = doc.body.className;
  for (const s of [".stamp", "link[rel=icon]"]) if (find(s) && find(s, doc)) find(s).replaceWith(find(s, doc));
  here();
  tick();
  const there = scrollY && top && document.getElementById(top.id);
  if (there) scrollBy({top: there.getBoundingClientRect().top - at, behavior: "instant"});
  if (focus !== false) (same(was, next)[focus] || same(was, next)[0])?.focus({preventScroll: true});
  news.textContent = say.updated.replace("{}", clock({timeZoneName: "short"}).format(now()));
};

const look = async () => {
  const answer = await fetch(build, {cache: "no-cache"}), {build_id, generated_at} = await answer.json();
  const date = Date.parse(answer.headers.get("Date")) + 1e3 * answer.headers.get("Age"), off = date - Date.now();
  // An answer from before this build was made is an old one: its date says nothing.
  if (date >= Date.parse(generated_at)) { skew = Math.abs(off) > MINUTE ? off : 0; tick(); }
  if (build_id === known) return;
  const page = await fetch(location.href, {cache: "no-cache"});
  if (!page.ok) throw page.status;
  const html = await page.text();
  if (!sameLook(html)) {  // another style or script: only a fresh page has both; never twice in a row
    if (again) location.reload();
    return;
  }
  const doc = new DOMParser().parseFromString(html, "text/html"), found = parts(doc);
  if (found !== shown) { show(doc); shown = found; }
  known = build_id;
};

// Every minute while something is open or planned for the next day, else every five; after failures ever more seldom, up
// to a quarter of an hour; never while nobody looks. A tenth of chance keeps a million readers from asking at once.
const calm = () => find("[data-stop],[data-due],[data-until]") ||
  [...document.querySelectorAll("[data-plan]")].some(e => Date.parse(e.dataset.starts) - now() < DAY * MINUTE) ? 60 : 300;
const rest = () => { clearTimeout(timer); if (!document.hidden) timer = setTimeout(poll, wait * (900 + 200 * Math.random())); };
const poll = async () => {
  clearTimeout(timer);
  if (busy || document.hidden) return;
  busy = true;
  try { await look(); wait = calm(); } catch { wait = Math.min(2 * wait, 900); }
  busy = false;
  again = true;
  rest();
};

here();
setInterval(tick, 15e3);
const claims = tick();
if (location.protocol === "file:") return;
wait = calm();
document.addEventListener("visibilitychange", () => document.hidden ? clearTimeout(timer) : (tick(), poll()));
claims ? poll() : rest();  // what the clock claims is checked at once: the clock may be wrong, or the page old
})();
