// Judges addresses as Lighthouse sees them on a phone: node lighthouse.mjs MODULES CHROMIUM ADDRESS... > a list of results.
import {pathToFileURL} from "node:url";

const [modules, chromium, ...addresses] = process.argv.slice(2);
const take = name => import(pathToFileURL(`${modules}/${name}`));
const {default: lighthouse} = await take("lighthouse/core/index.js");
const {launch} = await take("chrome-launcher/dist/index.js");

const browser = await launch({
  chromePath: chromium,
  chromeFlags: ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update", "--disable-sync", "--no-first-run"],
  logLevel: "silent",
});
const found = [];
try {
  for (const address of addresses) {
    const {lhr} = await lighthouse(address, {port: browser.port, logLevel: "silent", output: "json"});
    found.push({
      address,
      scores: Object.fromEntries(Object.values(lhr.categories).map(c => [c.id, Math.round(100 * c.score)])),
      failed: Object.values(lhr.audits).filter(a => a.score !== null && a.score < 1).map(a => a.id),
      shift: lhr.audits["cumulative-layout-shift"].numericValue,
      requests: lhr.audits["network-requests"].details.items.map(r => [r.url, r.transferSize, r.resourceType]),
      blocking: lhr.audits["render-blocking-insight"]?.details?.items?.length ?? lhr.audits["render-blocking-resources"]?.details?.items?.length ?? 0,
    });
  }
} finally {
  await browser.kill();
}
process.stdout.write(JSON.stringify(found));
