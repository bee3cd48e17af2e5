// The page's one socket. Frames are {content, target, swap}; rows of trades are put in the chain's
// order, once each; everything else is swapped by htmx. Whatever was missed while the socket was
// away is in the page itself, so each time it opens the live regions are read again.
(() => {
  "use strict";
  const FIRST_DELAY = 500;
  const LAST_DELAY = 30000;
  const REFRESH_EVERY = 3000;
  const SIGNED_OUT = 4401;

  // ---- what the user keeps about wallets: private, so laid over the shared fragments here.
  // By address: {name, muted: true for good or until when in unix seconds, min: USD}.
  const root = document.documentElement;
  const started = performance.now();
  // The server's clock, which in a sandbox may run faster than this machine's.
  const now = () => Number(root.dataset.now || Date.now() / 1000)
    + ((performance.now() - started) / 1000) * Number(root.dataset.speed || 1);
  const shorten = (address) => `${address.slice(0, 4)}…${address.slice(-4)}`;
  let names = {};

  function readNames() {
    names = JSON.parse(document.getElementById("names")?.textContent || "{}");
  }

  function overlay(within) {
    for (const span of within.querySelectorAll(".who[data-wallet]")) {
      const address = span.dataset.wallet;
      const name = names[address]?.name;
      const text = name || shorten(address);
      if (span.textContent !== text) span.textContent = text;
      span.classList.toggle("named", Boolean(name));
    }
  }

  // Runs before the browser paints what was inserted.
  new MutationObserver((changes) => {
    const added = changes.flatMap((change) => [...change.addedNodes]);
    if (added.some((node) => node.id === "names")) {
      readNames();
      overlay(document);
    } else if (changes.some((change) => change.target.nodeType === 1)) {
      overlay(document);
    }
  }).observe(document.body, { childList: true, subtree: true });

  // ---- trades
  const held = new Map();
  let paused = false;
  let arrivedWhilePaused = 0;

  function rowsIn(html) {
    const box = document.createElement("template");
    box.innerHTML = html;
    return [...box.content.querySelectorAll("tr[data-order]")];
  }

  function wanted(row, list) {
    const { onlySide, onlyLamports } = list.dataset;
    if (onlySide && row.dataset.side !== onlySide) return false;
    if (onlyLamports && !(Number(row.dataset.lamports) >= Number(onlyLamports))) return false;
    if ("onlyNews" in list.dataset && !isNews(row)) return false;
    return !("onlyFollowed" in list.dataset) || row.dataset.walletOf in names;
  }

  // The same rule as the server's first page: not muted, and not below the user's minimum; a
  // trade whose worth is unknown is not below anything.
  function isNews(row) {
    const kept = names[row.dataset.walletOf];
    if (!kept) return true;
    if (kept.muted === true || kept.muted > now()) return false;
    return !(kept.min && row.dataset.usd && Number(row.dataset.usd) < Number(kept.min));
  }

  function place(row, list) {
    const max = Number(list.dataset.max);
    const after = [...list.rows].find((other) => other.dataset.order < row.dataset.order);
    if (!after && list.rows.length >= max) return;
    list.insertBefore(row, after ?? null);
    row.classList.add("fresh");
    while (list.rows.length > max) list.rows[list.rows.length - 1].remove();
  }

  // A row told again keeps its place in the document, unless the chain's order says otherwise.
  function renewRow(shown, row, list) {
    if (shown.innerHTML === row.innerHTML && shown.dataset.order === row.dataset.order) return;
    shown.replaceChildren(...row.children);
    if (shown.dataset.order === row.dataset.order) return;
    shown.dataset.order = row.dataset.order;
    if (!shown.isConnected) return;
    const later = [...list.rows].find(
      (other) => other !== shown && other.dataset.order < shown.dataset.order,
    );
    list.insertBefore(shown, later ?? null);
  }

  function take(rows, list, { onlyKnown = false } = {}) {
    for (const row of rows) {
      const shown = document.getElementById(row.id) ?? held.get(row.id);
      if (shown) {
        renewRow(shown, row, list);
        continue;
      }
      if (onlyKnown || !wanted(row, list)) continue;
      if (paused) {
        held.set(row.id, row);
        arrivedWhilePaused += 1;
        if (held.size > Number(list.dataset.max)) held.delete(held.keys().next().value);
      } else {
        place(row, list);
      }
    }
    tell(list);
  }

  function tell(list) {
    const count = document.querySelector("[data-held]");
    if (count) count.textContent = paused ? `${arrivedWhilePaused} new, held back` : "";
    const newest = document.querySelector("[data-newest]");
    const time = list?.rows[0]?.querySelector("time");
    if (newest && time) newest.replaceChildren(time.cloneNode(true));
  }

  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-pause]");
    if (!button) return;
    paused = !paused;
    button.setAttribute("aria-pressed", String(paused));
    button.querySelector("[data-pause-label]").textContent = paused ? "Resume" : "Pause";
    const list = document.querySelector("[data-trades]");
    if (!paused) {
      // More may have come than was kept: then the page itself is read again.
      const lost = arrivedWhilePaused > held.size;
      const rows = [...held.values()];
      held.clear();
      arrivedWhilePaused = 0;
      if (list) take(rows, list);
      if (lost) refresh(() => true);
    } else {
      tell(list);
    }
  });

  // ---- regions, read again by a plain GET of this page
  let refreshing = false;
  let again = null;

  async function refresh(which) {
    if (refreshing) {
      const before = again;
      again = before ? (region) => before(region) || which(region) : which;
      return;
    }
    refreshing = true;
    try {
      const answer = await fetch(location.href, { headers: { "X-Live": "1" } });
      if (answer.redirected && new URL(answer.url).pathname !== location.pathname) {
        location.reload();
        return;
      }
      if (!answer.ok) return;
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      for (const region of [...document.querySelectorAll("[data-live-region]")].filter(which)) {
        const fresh = region.id && page.getElementById(region.id);
        if (fresh) await renew(region, fresh);
      }
    } catch {
      // The network is away: the socket will say so, and open again with another refresh.
    } finally {
      refreshing = false;
      if (again) {
        const next = again;
        again = null;
        setTimeout(() => refresh(next), REFRESH_EVERY);
      }
    }
  }

  function renew(region, fresh) {
    if (!("trades" in region.dataset)) return swap(region, fresh.outerHTML, "outerMorph");
    const rows = [...fresh.rows];
    const meets = rows.some((row) => document.getElementById(row.id) || held.has(row.id));
    // Nothing in common: too much was missed to join the two lists without a gap.
    if (!meets && !paused) region.replaceChildren();
    return take(rows, region);
  }

  const due = new Set();
  let timer = 0;

  // `data-live-when` names the target of the frames that make a region stale; * stands for any end.
  function concerns(when, target) {
    return when.endsWith("*") ? target.startsWith(when.slice(0, -1)) : target === when;
  }

  function regionsHeard(target) {
    for (const region of document.querySelectorAll("[data-live-when]")) {
      if (concerns(region.dataset.liveWhen, target)) due.add(region.id);
    }
    if (due.size && !timer) {
      timer = setTimeout(() => {
        const ids = new Set(due);
        due.clear();
        timer = 0;
        refresh((region) => ids.has(region.id));
      }, REFRESH_EVERY);
    }
  }

  // ---- frames
  function swap(target, text, style) {
    return htmx.swap({ sourceElement: target, target, text, swap: style, transition: false });
  }

  function receive(frame) {
    regionsHeard(frame.target);
    if (frame.swap === "delete") held.delete(frame.target.slice(1));
    const target = document.querySelector(frame.target);
    if (!target) return;
    // Another script of the page may know better where it belongs.
    const offer = new CustomEvent("aura:frame", { bubbles: true, cancelable: true, detail: frame });
    if (!target.dispatchEvent(offer)) return;
    if ("trades" in target.dataset) {
      take(rowsIn(frame.content), target, { onlyKnown: frame.swap === "renew" });
    } else if (frame.swap === "delete") target.remove();
    else swap(target, frame.content, frame.swap);
  }

  // ---- the socket
  const badge = document.getElementById("link-state");
  const words = { on: "Live", wait: "Reconnecting", off: "Not live", out: "Signed out" };
  let socket = null;
  let tries = 0;
  let retry = 0;

  function say(state) {
    if (!badge || badge.dataset.state === state) return;
    badge.dataset.state = state;
    badge.lastElementChild.textContent = words[state];
  }

  function connect() {
    clearTimeout(retry);
    const scheme = location.protocol === "https:" ? "wss" : "ws";
    const opened = new WebSocket(`${scheme}://${location.host}/live`);
    socket = opened;
    opened.addEventListener("open", () => {
      tries = 0;
      say("on");
      refresh(() => true);
    });
    opened.addEventListener("message", (event) => {
      try {
        receive(JSON.parse(event.data));
      } catch (error) {
        console.error("live frame refused", error);
      }
    });
    opened.addEventListener("close", (event) => {
      if (opened !== socket) return;
      if (event.code === SIGNED_OUT) {
        say("out");
        return;
      }
      say("wait");
      const delay = Math.min(FIRST_DELAY * 2 ** tries, LAST_DELAY);
      tries += 1;
      retry = setTimeout(connect, delay * (0.7 + Math.random() * 0.6));
    });
  }

  function leave() {
    const closing = socket;
    socket = null;
    clearTimeout(retry);
    closing?.close(1000);
  }

  addEventListener("pagehide", leave);
  addEventListener("pageshow", (event) => event.persisted && connect());
  addEventListener("online", () => {
    if (socket?.readyState === WebSocket.OPEN) return;
    tries = 0;
    leave();
    connect();
  });

  readNames();
  overlay(document);
  connect();
})();
