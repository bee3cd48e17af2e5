// Draws the curves a page holds as data, once the page is there; the table beside each curve says
// the same without this script. The library is fetched only by a page that has a curve.
(() => {
  "use strict";
  const { library } = document.currentScript.dataset;
  const root = document.documentElement;
  const charts = new Map();
  const DAY = 86400000;
  const WIDTHS = [2, 2, 2, 3, 1];
  const DASHES = [0, 2, 1, 0, 0];
  let loading = null;

  function load() {
    loading ??= new Promise((done, failed) => {
      const script = document.createElement("script");
      script.src = library;
      script.addEventListener("load", () => done(window.LightweightCharts));
      script.addEventListener("error", failed);
      document.head.append(script);
    });
    return loading;
  }

  // A custom property may hold light-dark(); only a real property of an element is resolved.
  function colour(name) {
    const probe = document.createElement("i");
    probe.style.color = `var(--${name})`;
    document.body.append(probe);
    const found = getComputedStyle(probe).color;
    probe.remove();
    return found;
  }

  const faint = (rgb, share) => rgb.replace(/^rgb\((.*)\)$/, `rgba($1, ${share})`);

  // Days without a sale keep the sum of the day before, so that a month is as wide as a month.
  function daily(points, column) {
    const values = [];
    for (const [index, point] of points.entries()) {
      const next = points[index + 1];
      const end = next ? Date.parse(next[0]) : Date.parse(point[0]) + DAY;
      for (let at = Date.parse(point[0]); at < end; at += DAY) {
        values.push({ time: new Date(at).toISOString().slice(0, 10), value: Number(point[column]) });
      }
    }
    return values;
  }

  function written(value) {
    const size = Math.abs(value);
    const places = size >= 1000 ? 0 : size >= 1 ? 2 : 4;
    const text = size.toLocaleString("en", { maximumFractionDigits: places });
    return `${value < 0 ? "−" : ""}${text} SOL`;
  }

  // A scale reaches below zero, where no price is, and its zero may miss zero by a float's breadth.
  function dollars(value) {
    if (value < 0) return "";
    if (value < 1e-15) return "$0";
    const digits = value >= 1 ? { maximumFractionDigits: value >= 1000 ? 0 : 2 } : { maximumSignificantDigits: 4 };
    return `$${value.toLocaleString("en", digits)}`;
  }

  function look() {
    return {
      layout: {
        background: { color: "transparent" },
        textColor: colour("muted"),
        fontFamily: getComputedStyle(document.body).fontFamily,
        attributionLogo: false,
        panes: { separatorColor: colour("line"), enableResize: false },
      },
      grid: { vertLines: { visible: false }, horzLines: { color: colour("line") } },
      rightPriceScale: { borderVisible: false },
      timeScale: { borderColor: colour("line") },
      crosshair: {
        vertLine: { color: colour("line-strong"), labelBackgroundColor: colour("line-strong") },
        horzLine: { visible: false, labelVisible: false },
      },
    };
  }

  const equityLook = () => {
    const [up, down] = [colour("up"), colour("down")];
    return {
      topLineColor: up, topFillColor1: faint(up, 0.28), topFillColor2: faint(up, 0.04),
      bottomLineColor: down, bottomFillColor1: faint(down, 0.04), bottomFillColor2: faint(down, 0.28),
    };
  };
  const depthLook = () => ({
    lineColor: colour("warn"), bottomColor: faint(colour("warn"), 0.05),
    topColor: faint(colour("warn"), 0.3),
  });
  const lineLook = (index) => ({
    color: colour(`line-${index + 1}`), lineWidth: WIDTHS[index], lineStyle: DASHES[index],
  });

  const candleLook = () => {
    const [up, down] = [colour("up"), colour("down")];
    return { upColor: up, wickUpColor: up, borderUpColor: up, downColor: down, wickDownColor: down, borderDownColor: down };
  };
  const volumeLook = () => ({ color: faint(colour("muted"), 0.45) });

  const quiet = { priceLineVisible: false, lastValueVisible: false };

  // One series a look; each look is taken anew when the theme changes.
  function equity(drawing, data, lib) {
    return [
      { series: drawing.addSeries(lib.BaselineSeries, quiet), look: equityLook, says: "realised so far",
        values: daily(data.points, 1) },
      { series: drawing.addSeries(lib.AreaSeries, { ...quiet, invertFilledArea: true }, 1),
        look: depthLook, says: "below its peak",
        values: daily(data.points, 2).map((one) => ({ ...one, value: -one.value })) },
    ];
  }

  function compared(drawing, data, lib) {
    return data.lines.map((line, index) => ({
      series: drawing.addSeries(lib.LineSeries, quiet), look: () => lineLook(index),
      says: line.address, values: daily(line.points, 1),
    }));
  }

  // A mark stands at the candle it happened in.
  function marked(bars, marks) {
    const at = (time) => bars.findLast((bar) => bar[0] <= time)?.[0] ?? bars[0][0];
    return marks.map(([time, text, side]) => ({
      time: at(time), text, position: side === "buy" ? "belowBar" : "aboveBar",
      shape: { buy: "arrowUp", sell: "arrowDown" }[side] ?? "circle",
      color: colour({ buy: "up", sell: "down" }[side] ?? "accent"),
    })).sort((one, other) => one.time - other.time);
  }

  // Bars are [Unix seconds, open, high, low, close, volume or nothing]; marks [Unix seconds, words,
  // "buy" or "sell" or nothing]; lines [price, words].
  function candles(drawing, { bars, marks = [], lines = [] }, lib) {
    const format = { type: "custom", minMove: 1e-12, formatter: dollars };
    // The levels are shown however far the price is from them.
    const autoscaleInfoProvider = (usual) => {
      const info = usual();
      if (!info?.priceRange || !lines.length) return info;
      const ends = [info.priceRange.minValue, info.priceRange.maxValue, ...lines.map(([price]) => price)];
      return { ...info, priceRange: { minValue: Math.min(...ends), maxValue: Math.max(...ends) } };
    };
    const series = drawing.addSeries(lib.CandlestickSeries, { ...quiet, priceFormat: format, autoscaleInfoProvider });
    const drawn = lib.createSeriesMarkers(series, []);
    const levels = lines.map(([price, title]) => series.createPriceLine({ price, title, lineStyle: 2 }));
    const parts = [{
      series, look: candleLook,
      paint() {
        drawn.setMarkers(marked(bars, marks));
        for (const level of levels) level.applyOptions({ color: colour("muted") });
      },
      says: ({ open, high, low, close }) => `opened ${dollars(open)}, high ${dollars(high)}, low ${dollars(low)}, closed ${dollars(close)}`,
      values: bars.map(([time, open, high, low, close]) => ({ time, open, high, low, close })),
    }];
    const volumes = bars.filter((bar) => bar[5] != null);
    if (volumes.length) {
      parts.push({
        series: drawing.addSeries(lib.HistogramSeries, { ...quiet, priceFormat: format }, 1),
        look: volumeLook, says: ({ value }) => `volume ${dollars(value)}`,
        values: volumes.map((bar) => ({ time: bar[0], value: bar[5] })),
      });
    }
    return parts;
  }

  const KINDS = {
    equity: { make: equity, written },
    compare: { make: compared, written },
    candles: { make: candles, written: dollars },
  };

  function name(text) {
    const shown = [...document.querySelectorAll(".key .who")].find((who) => who.dataset.wallet === text);
    return shown ? shown.textContent : text;
  }

  function draw(figure, lib) {
    const source = document.getElementById(figure.dataset.chart);
    const box = figure.querySelector(".chart-box");
    if (!source || !box || charts.get(box.id)?.text === source.textContent) return;
    charts.get(box.id)?.drawing.remove();
    box.hidden = false;
    const data = JSON.parse(source.textContent);
    const kind = KINDS[data.kind];
    const drawing = lib.createChart(box, {
      ...look(), autoSize: true, handleScroll: false, handleScale: false,
      localization: { priceFormatter: kind.written },
    });
    drawing.timeScale().applyOptions({ timeVisible: data.kind === "candles", secondsVisible: false });
    const parts = kind.make(drawing, data, lib);
    for (const part of parts) {
      part.series.applyOptions(part.look());
      part.series.setData(part.values);
      part.paint?.();
    }
    drawing.panes()[1]?.setStretchFactor(0.4);
    drawing.timeScale().fitContent();
    tell(figure, drawing, parts);
    charts.set(box.id, { drawing, parts, text: source.textContent });
  }

  function tell(figure, drawing, parts) {
    const said = figure.querySelector(".chart-said");
    said.dataset.usual ??= said.textContent;
    drawing.subscribeCrosshairMove(({ time, seriesData }) => {
      const told = parts.filter((part) => seriesData.has(part.series))
        .map((part) => inWords(part, seriesData.get(part.series)));
      said.textContent = time && told.length ? `${dated(time)}: ${told.join(", ")}` : said.dataset.usual;
    });
  }

  const inWords = ({ says }, point) => (typeof says === "function" ? says(point) : `${name(says)} ${written(point.value)}`);

  function dated(time) {
    if (typeof time === "string") return time;
    return `${new Date(time * 1000).toISOString().slice(0, 16).replace("T", " ")} UTC`;
  }

  function drawAll() {
    for (const [id, chart] of charts) {
      if (document.getElementById(id)?.contains(chart.drawing.chartElement())) continue;
      chart.drawing.remove();
      charts.delete(id);
    }
    const figures = [...document.querySelectorAll("[data-chart]")];
    if (!figures.length) return;
    load().then((lib) => figures.forEach((figure) => figure.isConnected && draw(figure, lib)))
      .catch((error) => console.error("no charts", error));
  }

  function repaint() {
    for (const { drawing, parts } of charts.values()) {
      drawing.applyOptions(look());
      for (const part of parts) {
        part.series.applyOptions(part.look());
        part.paint?.();
      }
    }
  }

  document.addEventListener("htmx:after:swap", drawAll);
  new MutationObserver(repaint).observe(root, { attributeFilter: ["data-theme"] });
  matchMedia("(prefers-color-scheme: light)").addEventListener("change", repaint);
  drawAll();
})();
