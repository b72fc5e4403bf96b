/* The state of this status page, on any other page:
<script src="https://status.example/widget.js" async></script>
data-hide-when-ok, data-theme="light|dark", data-refresh="SECONDS" (60 or more; 0: once). Read where it stands, no
cookie, nothing stored. It draws into a shadow root; styles of the page and of the widget cannot meet. */
(function () {
"use strict";
var me = document.currentScript, words = {"none":"Works","minor":"Minor problem","major":"Major problem","critical":"Critical problem","maintenance":"Planned work","lang":"en-GB","dir":"ltr","data":"api/v2/summary.json"}, base, box, root, timer, wait, fails = 0;
if (!me || !window.fetch || !me.attachShadow) return;
base = new URL(".", me.src).href;
wait = +(me.dataset.refresh || 120);
wait = wait && Math.max(60, wait);
var shapes = {ok: "M2 8l4 4 8-9", slow: "M8 1v9m0 3v2", down: "M2 2l12 12m0-12L2 14",
plan: "M8 4v4l3 2M15 8A7 7 0 1 1 1 8a7 7 0 1 1 14 0"};
var tones = {none: "ok", minor: "slow", major: "down", critical: "down", maintenance: "plan"};
var css = ":host{all:initial;display:inline-block;max-width:100%;font:15px/1.4 system-ui,sans-serif}" +
"a{--c:#17683d;display:flex;gap:.5em;align-items:center;padding:.5em .75em;border:1px solid #8b979d;border-radius:4px;" +
"background:#fff;color:#12212a;text-decoration:none;overflow-wrap:anywhere;min-width:0}" +
"a:hover span{text-decoration:underline}a:focus-visible{outline:3px solid #00557a;outline-offset:2px}" +
"svg{flex:none;width:1em;height:1em;fill:none;stroke:var(--c);stroke-width:2}b{color:var(--c);font-weight:650;white-space:nowrap}" +
".slow{--c:#735800}.down{--c:#b01c22}.plan{--c:#3c489f}";
var dark = "a{--c:#6ccb92;background:#0f181d;color:#e7eef1;border-color:#6a7a83}a:focus-visible{outline-color:#85cbe8}" +
".slow{--c:#dfb53e}.down{--c:#ff8f88}.plan{--c:#a9b6ff}";
var theme = me.dataset.theme;
css += theme === "dark" ? dark : theme === "light" ? "" : "@media(prefers-color-scheme:dark){" + dark + "}";
function make(name, parent, text) {
var one = document.createElementNS(name === "svg" || name === "path" ?
"http://www.w3.org/2000/svg" : "http://www.w3.org/1999/xhtml", name);
if (text) one.textContent = text;
return parent.appendChild(one);
}
function show(told) {
var state = told.status.indicator, tone = tones[state], first = told.incidents[0] || {}, said = first.name;
if (typeof tone !== "string") return;
if (state === "maintenance") said = (told.scheduled_maintenances.filter(function (one) {
return one.status !== "scheduled";
})[0] || {}).name;
if (!box) {
box = document.createElement("div");
box.lang = words.lang;
box.dir = words.dir;
root = box.attachShadow({mode: "open"});
try {
var sheet = new CSSStyleSheet();
sheet.replaceSync(css);
root.adoptedStyleSheets = [sheet];
} catch (old) { make("style", root, css); }
make("div", root).setAttribute("role", "status");
me.parentNode.insertBefore(box, me.nextSibling);
}
box.hidden = "hideWhenOk" in me.dataset && tone === "ok";
box.style.display = box.hidden ? "none" : "";
var key = state + "\n" + said;
if (box.key === key) return;
box.key = key;
root.lastChild.textContent = "";
var link = make("a", root.lastChild), path;
link.className = tone;
link.href = base;
path = make("path", make("svg", link));
path.parentNode.setAttribute("viewBox", "0 0 16 16");
path.parentNode.setAttribute("aria-hidden", "true");
path.setAttribute("d", shapes[tone]);
make("b", link, words[state]);
make("span", link, typeof said === "string" ? said.slice(0, 200) : String(told.page.name)).dir = "auto";
}
function ask() {
clearTimeout(timer);
if (document.hidden) return;
fetch(base + words.data, {credentials: "omit", referrerPolicy: "no-referrer"}).then(function (answer) {
if (!answer.ok) throw 0;
return answer.json();
}).then(show).then(function () { fails = 0; }, function () { fails = Math.min(fails + 1, 4); }).then(function () {
if (wait) timer = setTimeout(ask, wait * 1000 * Math.pow(2, fails) * (0.9 + Math.random() / 5));
});
}
document.addEventListener("visibilitychange", function () { if (!document.hidden && (wait || !box)) ask(); });
ask();
})();
