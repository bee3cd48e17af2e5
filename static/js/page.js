// What every page does by itself: theme, copying, ages of times, shortcuts, small form helps.
(() => {
  "use strict";
  const root = document.documentElement;
  const started = performance.now();
  const serverNow = Number(root.dataset.now || Date.now() / 1000);
  const speed = Number(root.dataset.speed || 1);

  // The server's clock, which in a sandbox may run faster than this machine's.
  const now = () => serverNow + ((performance.now() - started) / 1000) * speed;

  function age(seconds) {
    let left = Math.trunc(seconds);
    if (left < 1) return "now";
    for (const [size, word] of [[60, "s"], [60, "min"], [24, "h"]]) {
      if (left < size) return `${left} ${word} ago`;
      left = Math.trunc(left / size);
    }
    return `${left} d ago`;
  }

  function tellTimes() {
    for (const time of document.querySelectorAll("time[data-ago]")) {
      const text = age(now() - Date.parse(time.dateTime) / 1000);
      if (time.textContent !== text) time.textContent = text;
    }
  }

  // What is left of a weight, by moments and half-lives in seconds ("since:half since:half").
  const left = (fades) => Math.max(0, ...fades.split(" ").filter(Boolean).map((one) => {
    const [since, half] = one.split(":").map(Number);
    return 0.5 ** (Math.max(0, now() - since) / half);
  }));

  function tellFading() {
    for (const shown of document.querySelectorAll("[data-fades]")) {
      const share = left(shown.dataset.fades);
      const text = `${Math.round(100 * share)} % left`;
      const words = shown.querySelector("[data-left]");
      if (words.textContent !== text) words.textContent = text;
      shown.querySelector(".fill")?.setAttribute("width", (100 * share).toFixed(1));
    }
  }
  window.aura = { left };

  function tell() {
    if (document.hidden) return;
    tellTimes();
    tellFading();
  }
  setInterval(tell, 1000);
  document.addEventListener("visibilitychange", tell);

  function toggleTheme() {
    const shown = root.dataset.theme
      || (matchMedia("(prefers-color-scheme: light)").matches ? "light" : "dark");
    const next = shown === "light" ? "dark" : "light";
    root.dataset.theme = next;
    // A cookie, so that the server draws the first page right and nothing flashes.
    document.cookie = `theme=${next}; path=/; max-age=31536000; samesite=lax`;
  }

  async function copy(button) {
    try {
      await navigator.clipboard.writeText(button.dataset.copy);
    } catch {
      const field = document.createElement("textarea");
      field.value = button.dataset.copy;
      document.body.append(field);
      field.select();
      document.execCommand("copy");
      field.remove();
    }
    button.classList.add("copied");
    const said = button.getAttribute("aria-label");
    button.setAttribute("aria-label", "Copied");
    setTimeout(() => {
      button.classList.remove("copied");
      button.setAttribute("aria-label", said);
    }, 1500);
  }

  const help = () => document.getElementById("help").showModal();

  document.addEventListener("click", (event) => {
    const on = (selector) => event.target.closest(selector);
    const button = on("[data-copy]");
    if (button) copy(button);
    else if (on("[data-theme-toggle]")) toggleTheme();
    else if (on("[data-help]")) help();
    else if (on("[data-fill]")) fill(on("[data-fill]"));
    for (const menu of document.querySelectorAll("details.menu[open]")) {
      if (!menu.contains(event.target) || on("[data-help]")) menu.open = false;
    }
  });

  function fill(button) {
    const form = document.querySelector("form.stack");
    form.elements.login.value = button.dataset.fill;
    form.elements.password.value = button.dataset.fillPassword;
    form.querySelector("button[type=submit]").focus();
  }

  let afterG = 0;
  const places = {
    o: "/", w: "/whales/", l: "/leaderboard/", f: "/feed/", s: "/signals/", c: "/screener/",
    b: "/scoreboard/",
  };
  const keys = {
    "/": () => {
      const field = document.querySelector("[data-search]");
      if (field) field.focus();
      else location.href = "/whales/#q";
    },
    "?": help,
    t: toggleTheme,
    p: () => document.querySelector("[data-pause]")?.click(),
  };

  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") {
      for (const menu of document.querySelectorAll("details.menu[open]")) menu.open = false;
    }
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
    if (event.target.closest("input, select, textarea, [contenteditable], dialog[open]")) return;
    if (Date.now() - afterG < 1200 && places[event.key]) {
      event.preventDefault();
      location.href = places[event.key];
      return;
    }
    afterG = event.key === "g" ? Date.now() : 0;
    if (keys[event.key]) {
      event.preventDefault();
      keys[event.key]();
    }
  });

  // A refresh of a live region closes what the reader had opened.
  const opened = new Set();
  document.addEventListener("toggle", ({ target }) => {
    if (!target.matches("details[id]")) return;
    if (target.open) opened.add(target.id);
    else opened.delete(target.id);
  }, true);
  document.addEventListener("htmx:after:swap", () => {
    for (const id of opened) document.getElementById(id)?.setAttribute("open", "");
  });

  // Controls that need this script are hidden until it runs.
  function reveal() {
    for (const button of document.querySelectorAll(
      "[data-copy], [data-theme-toggle], [data-help], [data-fill], [data-pause]",
    )) button.hidden = false;
    for (const button of document.querySelectorAll("form[hx-get] .apply")) button.hidden = true;
  }
  reveal();
  document.addEventListener("htmx:after:swap", reveal);
  if (location.hash === "#q") document.querySelector("[data-search]")?.focus();
})();
