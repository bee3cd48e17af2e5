// Cards of signals: put in the order of what is left of their strength, once each, under the
// page's own filters; a card that closes moves to the list below. Works on the frames of live.js.
(() => {
  "use strict";
  const listOf = (kind) => document.querySelector(`[data-signals="${kind}"]`);

  function cardsIn(html) {
    const box = document.createElement("template");
    box.innerHTML = html;
    return [...box.content.querySelectorAll("li.call[id]")];
  }

  // The same rule as the server's first page.
  function wanted(card, list) {
    const { onlyStrategy, onlyTier, onlyKind, onlyDirection, onlyLeast } = list.dataset;
    if (onlyStrategy && !card.dataset.strategies.split(" ").includes(onlyStrategy)) return false;
    if (onlyTier && card.dataset.tier !== onlyTier) return false;
    if (onlyKind && card.dataset.kind !== onlyKind) return false;
    if (onlyDirection && card.dataset.direction !== onlyDirection) return false;
    return !onlyLeast || Number(card.dataset.liquidity) >= Number(onlyLeast);
  }

  const worth = (card) => Number(card.dataset.strength) * window.aura.left(
    card.querySelector(".fade[data-fades]")?.dataset.fades ?? "",
  );

  // A card that holds the focus stays where it is until it is left.
  function sort(list) {
    const inOrder = [...list.children].map((card) => [worth(card), card]);
    inOrder.sort(([one], [other]) => other - one);
    inOrder.forEach(([, card], place) => {
      const there = list.children[place];
      if (there !== card && !card.contains(document.activeElement)) list.insertBefore(card, there);
    });
  }

  function morph(shown, card) {
    return htmx.swap({
      sourceElement: shown, target: shown, text: card.outerHTML, swap: "outerMorph", transition: false,
    });
  }

  function trim(list) {
    const most = Number(list.dataset.max || Infinity);
    while (list.children.length > most) list.lastElementChild.remove();
  }

  const said = (text) => {
    const status = document.getElementById("signals-said");
    if (status) status.textContent = text;
  };

  async function takeOpen(cards, list) {
    for (const card of cards) {
      const shown = document.getElementById(card.id);
      if (document.getElementById(card.id.replace("signal-", "closed-"))) continue;
      if (!wanted(card, list)) shown?.remove();
      else if (shown) await morph(shown, card);
      else {
        card.classList.add("fresh");
        list.prepend(card);
        said(`New signal: ${card.querySelector("h3").textContent.trim()}`);
      }
    }
    sort(list);
    trim(list);
  }

  async function takeClosed(cards, list) {
    for (const card of cards) {
      document.getElementById(card.dataset.closes)?.remove();
      const shown = document.getElementById(card.id);
      if (shown) await morph(shown, card);
      else if (wanted(card, list)) list.prepend(card);
    }
    trim(list);
  }

  // Frames are taken one after the other, for a morph takes its time.
  let turn = Promise.resolve();

  document.addEventListener("aura:frame", (event) => {
    const { target, content } = event.detail;
    const list = event.target;
    if (!target.startsWith("[data-signals=")) return;
    event.preventDefault();
    const cards = cardsIn(content);
    const take = list.dataset.signals === "open" ? takeOpen : takeClosed;
    turn = turn.then(() => {
      const now = listOf(list.dataset.signals);
      return now && take(cards, now);
    }).catch((error) => console.error("cards refused", error));
  });
})();
