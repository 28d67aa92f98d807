// Building blocks: elements out of text that is never markup, and charts with a table behind each.
"use strict";
const Monitor = {};
(() => {
  const SVG = "http://www.w3.org/2000/svg";
  const drawn = new Set();

  // Return an address that is http(s) or a page of ours, else null: what strangers wrote may be anything.
  const safeUrl = (url) => {
    if (/^\/r\/[\w.%-]+\/[\w.%-]+(\?hours=\d+)?$/.test(url)) return url;
    try {
      const parsed = new URL(url);
      return parsed.protocol === "https:" || parsed.protocol === "http:" ? parsed.href : null;
    } catch {
      return null;
    }
  };

  // Make an element; strings among the children become text.
  const el = (tag, attributes, ...children) => {
    const made = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes || {})) {
      if (value !== null && value !== undefined && value !== false) made.setAttribute(name, value === true ? "" : value);
    }
    made.append(...children.flat().filter((child) => child !== null && child !== undefined).map((child) => (child instanceof Node ? child : String(child))));
    return made;
  };
  const link = (url, ...children) => {
    const address = url ? safeUrl(url) : null;
    return address ? el("a", { href: address, rel: "noopener noreferrer" }, ...children) : el("span", {}, ...children);
  };
  const svg = (tag, attributes) => {
    const made = document.createElementNS(SVG, tag);
    for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
    return made;
  };

  const number = (value, digits = 1) => (value === null || value === undefined ? "unknown" : new Intl.NumberFormat("en", { maximumFractionDigits: digits }).format(value));
  const ONE = { people: "person", advisories: "advisory", days: "day", hours: "hour" };
  const amount = (value, unit) => (unit === "share" ? `${number(100 * value)} %` : unit === "percent" ? `${number(value)} %` : `${number(value, 2)} ${(value === 1 && ONE[unit]) || unit}`);
  // Names that strangers chose may be of any length; the whole is in the title.
  const short = (text, most = 40) => (text.length > most ? `${text.slice(0, most - 1)}…` : text);
  const counted = (count, noun) => `${number(count)} ${noun}${count === 1 ? "" : "s"}`;
  const tall = (label, list) => el("div", { class: "tall", tabindex: "0", role: "region", "aria-label": label }, list);
  const formats = {
    hour: { hour: "2-digit", minute: "2-digit", hour12: false },
    day: { month: "short", day: "numeric" },
    week: { month: "short", day: "numeric" },
    instant: { year: "numeric", month: "short", day: "numeric", hour: "2-digit", minute: "2-digit", hour12: false },
  };
  const when = (instant, form = "instant") => (instant ? new Intl.DateTimeFormat("en", { ...formats[form], timeZone: "UTC" }).format(new Date(instant)) : "never");
  const steps = { hour: 3600e3, day: 86400e3, week: 7 * 86400e3 };
  const bucketLabels = (series, size) => Array.from({ length: size }, (_, index) => when(Date.parse(series.start) + index * steps[series.unit], series.unit));

  // Return the stretches of a window of which not everything is known, as pairs of milliseconds, merged.
  const unknownSpans = (window, coverage) => {
    const [since, until] = [Date.parse(window.since), Date.parse(window.until)];
    if (coverage.complete) return [];
    if (!coverage.from) return [[since, until]];
    const found = [[since, Date.parse(coverage.from)], ...coverage.gaps.map((gap) => [Date.parse(gap.from), Date.parse(gap.to)]), [Date.parse(coverage.to), until]];
    const merged = [];
    for (const [from, to] of found.filter(([from, to]) => to - from > 60e3).sort((one, other) => one[0] - other[0])) {
      const last = merged[merged.length - 1];
      if (last && from <= last[1]) last[1] = Math.max(last[1], to);
      else merged.push([from, to]);
    }
    return merged;
  };

  const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();

  // Shades what is not known behind the data, and draws marks (releases) over it.
  const overlay = {
    id: "overlay",
    beforeDatasetsDraw(chart, _, options) {
      const place = placer(chart, options);
      chart.ctx.save();
      chart.ctx.fillStyle = colour("gap");
      const { left, right, top, bottom } = chart.chartArea;
      for (const [from, to] of options.gaps) {
        const [x1, x2] = [Math.max(left, place(from)), Math.min(right, place(to))];
        if (x2 > left && x1 < right) chart.ctx.fillRect(x1, top, Math.max(2, x2 - x1), bottom - top);
      }
      chart.ctx.restore();
    },
    afterDatasetsDraw(chart, _, options) {
      const { ctx, chartArea } = chart;
      const place = placer(chart, options);
      ctx.save();
      ctx.strokeStyle = ctx.fillStyle = colour("text");
      ctx.font = "11px system-ui, sans-serif";
      ctx.setLineDash([3, 3]);
      const shown = options.marks.map((mark) => ({ text: short(mark.text, 24), x: place(mark.at) })).filter(({ x }) => x >= chartArea.left && x <= chartArea.right);
      for (const { x } of shown) {
        ctx.beginPath();
        ctx.moveTo(x, chartArea.top);
        ctx.lineTo(x, chartArea.bottom);
        ctx.stroke();
      }
      // Names stand on the lines, above the bars; one that has no room beside the last is left to the list of releases.
      let free = -Infinity;
      for (const { text, x } of shown) {
        const width = ctx.measureText(text).width;
        const start = Math.min(x + 4, chartArea.right - width);
        if (start <= free) continue;
        ctx.fillStyle = colour("panel");
        ctx.fillRect(start - 2, chartArea.top, width + 4, 13);
        ctx.fillStyle = colour("text");
        ctx.fillText(text, start, chartArea.top + 10);
        free = start + width + 6;
      }
      ctx.restore();
    },
  };
  const placer = (chart, { series, size }) => (at) => {
    const { left, right } = chart.chartArea;
    return left + ((at - Date.parse(series.start)) / (steps[series.unit] * size)) * (right - left);
  };

  const asTable = (caption, head, rows) =>
    el("table", {}, el("caption", {}, caption), el("thead", {}, el("tr", {}, head.map((name) => el("th", { scope: "col" }, name)))),
      el("tbody", {}, rows.map((cells) => el("tr", {}, cells.map((cell, index) => el(index ? "td" : "th", index ? {} : { scope: "row" }, cell))))));

  // Draw a chart with its table. sets: {label, values, type, colour}. series: where its buckets lie, for gaps and marks.
  const chart = ({ label, labels, sets, stacked = false, series = null, gaps = [], marks = [], small = false, first = "Time (UTC)", unit = "" }) => {
    const canvas = el("canvas", { role: "img", "aria-label": label, "data-gaps": gaps.length, "data-marks": marks.length });
    const figure = el("div", { class: "figure" }, el("div", { class: small ? "plot small" : "plot" }, canvas));
    if (!small) {
      const table = asTable(label, [first, ...sets.map((set) => set.label)], labels.map((name, index) => [name, ...sets.map((set) => number(set.values[index]))]));
      figure.append(el("details", {}, el("summary", {}, "Show as a table"), el("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": `${label}, as a table` }, table)));
    }
    const draw = () => {
      Chart.getChart(canvas)?.destroy();
      const text = colour("soft"), line = colour("line");
      const ticks = { color: text, font: { size: 11 } };
      new Chart(canvas, {
        type: "bar",
        plugins: series ? [overlay] : [],
        data: {
          labels,
          datasets: sets.map((set, index) => ({
            type: set.type || "bar", label: set.label, data: set.values, backgroundColor: colour(set.colour || `c${index % 8}`),
            borderColor: colour(set.colour || `c${index % 8}`), borderWidth: set.type === "line" ? 2 : 0, pointRadius: 0, pointHitRadius: 8,
            tension: 0, order: set.type === "line" ? 0 : 1, stack: set.type === "line" ? set.label : stacked ? "all" : set.label, categoryPercentage: small ? 1 : 0.88, barPercentage: stacked ? 0.92 : 0.95,
          })),
        },
        options: {
          animation: false, responsive: true, maintainAspectRatio: false, interaction: { mode: "index", intersect: false },
          scales: {
            x: { display: !small, stacked, offset: true, grid: { display: false }, border: { color: line }, ticks: { ...ticks, maxRotation: series ? 0 : 40, autoSkip: Boolean(series), autoSkipPadding: 14 } },
            y: { display: !small, stacked, beginAtZero: true, grid: { color: line }, border: { display: false }, title: { display: Boolean(unit), text: unit, ...ticks }, ticks: { ...ticks, precision: 0, maxTicksLimit: 6 } },
          },
          plugins: {
            legend: { display: !small && sets.length > 1, position: "bottom", labels: { color: text, boxWidth: 10, boxHeight: 10, font: { size: 11 } } },
            tooltip: { enabled: !small, filter: (item) => item.raw !== 0 },
            overlay: { series, size: labels.length, gaps, marks },
          },
        },
      });
      canvas.dataset.drawn = "true";
    };
    const wait = () => { if (canvas.isConnected) draw(); else drawn.delete(wait); };
    drawn.add(wait);
    queueMicrotask(() => { if (canvas.isConnected) draw(); else requestAnimationFrame(wait); });
    return figure;
  };
  const redraw = () => [...drawn].forEach((draw) => draw());
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", redraw);

  const grade = (share) => (share === null || share === undefined ? "unknown" : share >= 0.7 ? "good" : share >= 0.45 ? "fair" : "bad");
  const ring = (score) => {
    const known = score !== null && score !== undefined;
    const label = known ? `Health ${Math.round(score)} of 100` : "Health unknown";
    const drawing = svg("svg", { viewBox: "0 0 84 84", role: "img", "aria-label": label, class: `ring ${grade(known ? score / 100 : null)}` });
    const circle = { cx: 42, cy: 42, r: 35, fill: "none", "stroke-width": 8 };
    const length = 2 * Math.PI * 35;
    const words = svg("text", { x: 42, y: 49, "text-anchor": "middle", "font-size": 21, "aria-hidden": "true" });
    words.textContent = known ? String(Math.round(score)) : "?";
    drawing.append(svg("circle", { ...circle, class: "track" }));
    if (known) drawing.append(svg("circle", { ...circle, class: "value", "stroke-linecap": "round", "stroke-dasharray": `${(length * score) / 100} ${length}`, transform: "rotate(-90 42 42)" }));
    drawing.append(words);
    return drawing;
  };
  const bar = (share, kind = "") => {
    const inner = el("span");
    inner.style.width = `${Math.round(100 * Math.min(1, Math.max(0, share)))}%`;
    return el("div", { class: `bar ${kind}`, "aria-hidden": "true" }, inner);
  };

  Object.assign(Monitor, { el, link, number, counted, short, amount, tall, when, bucketLabels, unknownSpans, asTable, chart, redraw, ring, bar, grade, safeUrl });
})();
