// What a person does on a page, as one look at it: {OK, X, Y, Text}. It runs in the page under test.
const tidy = text => (text || "").replace(/\s+/g, " ").trim().toLowerCase();
const shown = element => element.checkVisibility({ checkOpacity: true, checkVisibilityCSS: true });
const label = element => tidy(element.getAttribute("aria-label") || element.innerText || element.value);
const ready = () => document.readyState !== "loading" && document.body;
const no = { OK: false };

function see(text) {
  return { OK: !!ready() && tidy(document.body.innerText).includes(tidy(text)) };
}

function notSee(text) {
  return { OK: !!ready() && !tidy(document.body.innerText).includes(tidy(text)) };
}

function at(path) {
  return { OK: document.readyState === "complete" && location.pathname === path };
}

function middle(element) {
  if (document.readyState !== "complete" || element.disabled) return no;
  element.scrollIntoView({ block: "center", inline: "center", behavior: "instant" });
  const box = element.getBoundingClientRect();
  const x = box.x + box.width / 2, y = box.y + box.height / 2;
  const top = document.elementFromPoint(x, y);
  if (!top || !(element.contains(top) || top.contains(element))) return no; // Something covers it.
  return { OK: true, X: x, Y: y };
}

function find(text) {
  const wanted = tidy(text);
  const all = [...document.querySelectorAll("a[href], button, summary, label, input[type=submit], [role=tab]")].filter(shown);
  const hit = all.find(e => label(e) === wanted) || all.find(e => label(e).includes(wanted));
  return hit ? aim(hit) : no;
}

function pick(selector) {
  const hit = [...document.querySelectorAll(selector)].find(shown);
  return hit ? aim(hit) : no;
}

// aim says where to click an element, and listens for the click.
function aim(element) {
  const at = middle(element);
  if (!at.OK) return no;
  window.missed = true;
  element.addEventListener("click", () => { window.missed = false; }, { capture: true, once: true });
  return at;
}

function missed() {
  return { OK: window.missed === true };
}

function field(text) {
  const wanted = tidy(text);
  const named = [...document.querySelectorAll("input, select, textarea")].filter(shown);
  const of = e => tidy(e.getAttribute("aria-label") || [...(e.labels || [])].map(l => l.innerText).join(" "));
  return named.find(e => of(e) === wanted) || named.find(e => of(e).includes(wanted));
}

function fill(text, value) {
  const element = field(text);
  if (document.readyState !== "complete" || !element || element.disabled || element.readOnly) return no;
  element.scrollIntoView({ block: "center", behavior: "instant" });
  element.focus();
  if (element instanceof HTMLSelectElement) {
    const choice = [...element.options].find(o => tidy(o.text) === tidy(value) || o.value === value);
    if (!choice) return no;
    element.value = choice.value;
    element.dispatchEvent(new Event("input", { bubbles: true }));
    element.dispatchEvent(new Event("change", { bubbles: true }));
    return { OK: true, Text: "chosen" };
  }
  element.select();
  return { OK: document.activeElement === element };
}

function value(text) {
  const element = field(text);
  return element ? { OK: true, Text: element.value } : no;
}

function focused(text) {
  const element = document.activeElement;
  if (!element) return no;
  const names = [label(element), ...[...(element.labels || [])].map(l => tidy(l.innerText))];
  return { OK: names.some(name => name === tidy(text)) };
}
