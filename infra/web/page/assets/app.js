// What pages gain by a script; all of them work without it. No element here changes state on its own: they
// show, copy, or submit what the person asked for.

const here = () => location.pathname + location.search;
const standing = path => path === '/login' || path.startsWith('/login/') || path === '/step-up';

// --- What was typed survives a login that expired meanwhile. Kept for this tab alone, and secrets never.

const draftKey = 'draft';
const typed = 'input:not([type=hidden], [type=password], [type=file], [autocomplete=one-time-code]), textarea, select';

// changed gives what was typed into the forms within, by the names of the fields.
function changed(within) {
  const fields = {};
  for (const field of within.querySelectorAll('form[method=post] :is(' + typed + ')')) {
    if (!field.name) continue;
    const choice = field.type === 'checkbox' || field.type === 'radio';
    if (choice ? field.checked !== field.defaultChecked : field.value !== (field.defaultValue ?? '')) {
      fields[field.name + (choice ? '=' + field.value : '')] = choice ? field.checked : field.value;
    }
  }
  return fields;
}

function restore(within, fields) {
  for (const field of within.querySelectorAll('form[method=post] :is(' + typed + ')')) {
    const choice = field.type === 'checkbox' || field.type === 'radio';
    const value = fields[field.name + (choice ? '=' + field.value : '')];
    if (value === undefined) continue;
    if (choice) field.checked = value; else field.value = value;
  }
}

function keepDraft() {
  const fields = changed(document.querySelector('main'));
  if (Object.keys(fields).length) sessionStorage.setItem(draftKey, JSON.stringify({ path: location.pathname, fields }));
}

function takeDraft() {
  const kept = sessionStorage.getItem(draftKey);
  if (!kept) return;
  const draft = JSON.parse(kept);
  if (standing(location.pathname)) { // The login is on its way.
    sessionStorage.setItem(draftKey, JSON.stringify({ ...draft, interrupted: true }));
    return;
  }
  sessionStorage.removeItem(draftKey);
  if (draft.interrupted && draft.path === location.pathname) restore(document.querySelector('main'), draft.fields);
}

document.addEventListener('submit', keepDraft);

// --- What is being written stays in this browser, for whoever writes it, until it is sent or they log out.

const draftsKey = 'draft ', maxDrafts = 20;

const drafts = () => Object.keys(localStorage).filter(key => key.startsWith(draftsKey))
  .map(key => ({ key, ...JSON.parse(localStorage.getItem(key)) })).sort((a, b) => b.at - a.at);

class KeptDraft extends HTMLElement {
  connectedCallback() {
    const key = draftsKey + this.dataset.key, kept = localStorage.getItem(key);
    // What was refused comes back from the server as it was sent.
    if (kept && !document.querySelector('main .summary')) restore(this, JSON.parse(kept).fields);
    this.addEventListener('input', () => {
      for (const old of drafts().slice(maxDrafts)) localStorage.removeItem(old.key);
      localStorage.setItem(key, JSON.stringify({ at: Date.now(), fields: changed(this) }));
    });
    this.addEventListener('submit', () => localStorage.removeItem(key));
  }
}

document.addEventListener('submit', event => {
  if (event.target.getAttribute('action') === '/logout') for (const { key } of drafts()) localStorage.removeItem(key);
});

// --- The newest step alone leads on. A live part may replace a link on its way, and a second click on it must not show
// the page once more, over what somebody has begun to type there.

let step;

document.addEventListener('htmx:before:request', event => {
  if (event.detail.ctx.target === document.body) step = event.detail.ctx;
});

document.addEventListener('htmx:before:swap', event => {
  const ctx = event.detail.ctx;
  if (ctx.target === document.body && ctx !== step) event.preventDefault();
});

// --- Live updates

class LiveStatus extends HTMLElement {
  connectedCallback() {
    this.last = new Date();
    this.addEventListener('bye', () => this.leave());
    this.addEventListener('htmx:sse:after:connection', () => { this.last = new Date(); this.textContent = ''; });
    this.addEventListener('htmx:sse:after:message', () => { this.last = new Date(); });
    this.addEventListener('htmx:sse:error', event => event.detail?.status === 401 ? this.leave() : this.pause());
    this.addEventListener('htmx:response:error', event => {
      if (event.detail?.ctx?.response?.status === 401) this.leave(); else this.pause();
    });
    this.addEventListener('htmx:error', () => this.pause());
    addEventListener('offline', this.pause);
  }

  disconnectedCallback() { removeEventListener('offline', this.pause); }

  pause = () => {
    const time = this.last.toLocaleTimeString([], { hour: '2-digit', minute: '2-digit' });
    this.textContent = 'Live updates paused, last ' + time;
  };

  leave() {
    keepDraft();
    location.assign('/login?next=' + encodeURIComponent(here()));
  }
}

// --- Times

const units = [['day', 86400, 172800], ['hour', 3600, 3600], ['minute', 60, 60]];

function distance(at, now) {
  const away = (at - now) / 1000, size = Math.abs(away);
  const unit = units.find(([, , from]) => size >= from);
  if (!unit) return 'just now';
  const count = Math.floor(size / unit[1]);
  const words = count + ' ' + unit[0] + (count === 1 ? '' : 's');
  return away > 0 ? 'in ' + words : words + ' ago';
}

// A distance in time goes by the server's clock, as the words that came with it do.
class RelTime extends HTMLElement {
  static observedAttributes = ['data-server-now'];

  behind = 0;

  attributeChangedCallback() {
    this.behind = Date.parse(this.dataset.serverNow) - Date.now();
    if (this.isConnected) queueMicrotask(() => this.show()); // Once a page that is being changed has its words, too.
  }

  connectedCallback() {
    this.show();
    this.timer = setInterval(() => this.show(), 30000);
  }

  disconnectedCallback() { clearInterval(this.timer); }

  show() {
    const time = this.querySelector('time');
    if (time && !document.hidden) time.textContent = distance(Date.parse(time.dateTime), Date.now() + this.behind);
  }
}

const two = n => String(n).padStart(2, '0');

// left is how many seconds something is away in words, as the server has them.
function left(away) {
  if (!away) return 'due now';
  const s = Math.abs(away), words = s < 600 ? Math.floor(s / 60) + 'm ' + two(s % 60) + 's' :
    s < 86400 ? Math.floor(s / 3600) + 'h ' + two(Math.floor(s % 3600 / 60)) + 'm' :
      Math.floor(s / 86400) + 'd ' + Math.floor(s % 86400 / 3600) + 'h';
  return away < 0 ? '−' + words : words + ' left';
}

// A countdown goes by the server's clock, and leaves it to the server to say that something is late.
class SlaCountdown extends HTMLElement {
  static observedAttributes = ['data-due', 'data-server-now'];

  connectedCallback() {
    document.addEventListener('visibilitychange', this.show);
    this.show();
  }

  disconnectedCallback() {
    document.removeEventListener('visibilitychange', this.show);
    clearTimeout(this.timer);
  }

  attributeChangedCallback() {
    this.behind = Date.parse(this.dataset.serverNow) - Date.now();
    if (this.isConnected) queueMicrotask(this.show); // Once a page that is being changed has its words, too.
  }

  show = () => {
    clearTimeout(this.timer);
    if (!this.dataset.due || document.hidden || !this.isConnected) return;
    const due = Date.parse(this.dataset.due), late = due <= Date.parse(this.dataset.serverNow);
    const away = Math.trunc((due - Date.now() - this.behind) / 1000);
    const text = left(late ? away : Math.max(away, 0));
    if (this.textContent !== text) this.textContent = text;
    this.timer = setTimeout(this.show, Math.abs(away) < 610 ? 1000 : 30000);
  };
}

// --- Copying

class CopyButton extends HTMLElement {
  connectedCallback() {
    const button = this.querySelector('button'), text = this.querySelector('input'), label = button.querySelector('span');
    if (!navigator.clipboard) return;
    button.hidden = false;
    button.setAttribute('aria-live', 'polite');
    button.addEventListener('click', async () => {
      await navigator.clipboard.writeText(text.value).then(() => { label.textContent = 'Copied'; }, () => text.select());
      setTimeout(() => { label.textContent = 'Copy'; }, 2000);
    });
  }
}

// --- Passkeys

async function send(path, body) {
  const answer = await fetch(path, {
    method: 'POST', body: body && JSON.stringify(body),
    headers: { Accept: 'application/json', ...(body && { 'Content-Type': 'application/json' }) },
  });
  const said = await answer.json().catch(() => ({}));
  if (answer.ok) return said;
  throw new Error(said.detail || 'The service cannot answer right now. Try again.');
}

class PasskeyButton extends HTMLElement {
  connectedCallback() {
    if (!window.PublicKeyCredential?.parseCreationOptionsFromJSON) return;
    this.button = this.querySelector('button');
    this.button.hidden = false;
    this.button.addEventListener('click', () => this.ask());
  }

  async ask() {
    const wrong = this.querySelector('.error');
    wrong.hidden = true;
    this.button.disabled = true;
    try {
      const credential = await this.credential(await send(this.dataset.begin));
      const name = document.getElementById(this.dataset.nameField)?.value;
      const { next } = await send(this.dataset.finish, { credential, name });
      location.assign(next || '/');
    } catch (error) {
      wrong.textContent = error.name === 'NotAllowedError' ? 'No passkey was used. Try again, or choose another way.' :
        error.name === 'InvalidStateError' ? 'This device has a passkey for this account already.' : error.message;
      wrong.hidden = false;
      this.button.disabled = false;
    }
  }

  async credential({ publicKey }) {
    const credential = this.dataset.kind === 'create' ?
      await navigator.credentials.create({ publicKey: PublicKeyCredential.parseCreationOptionsFromJSON(publicKey) }) :
      await navigator.credentials.get({ publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(publicKey) });
    return credential.toJSON();
  }
}

// --- Menus close when something else is used; a page that came without a navigation is read from its top.

document.addEventListener('click', event => {
  for (const menu of document.querySelectorAll('details.menu[open]')) if (!menu.contains(event.target)) menu.open = false;
});
document.addEventListener('keydown', event => {
  const menu = event.key === 'Escape' && document.querySelector('details.menu[open]');
  if (menu) { menu.open = false; menu.querySelector('summary').focus(); }
});
document.addEventListener('htmx:after:swap', event => {
  if (event.detail?.ctx?.target !== document.body) return;
  takeDraft();
  if (document.activeElement === document.body) document.getElementById('main')?.focus({ preventScroll: true });
});

takeDraft();
for (const [name, element] of Object.entries({
  'live-status': LiveStatus, 'rel-time': RelTime, 'copy-button': CopyButton, 'passkey-button': PasskeyButton,
  'sla-countdown': SlaCountdown, 'kept-draft': KeptDraft,
})) customElements.define(name, element);
