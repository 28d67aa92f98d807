// The MCP App: a tool's answer as pictures inside the assistant. https://github.com/modelcontextprotocol/ext-apps
"use strict";
(() => {
  const { el, panels, nothing, redraw } = Monitor;
  const main = document.getElementById("main"), waiting = new Map();
  let next = 1, host = {}, given = {};

  const post = (message) => parent.postMessage({ jsonrpc: "2.0", ...message }, "*");
  const notify = (method, params) => post({ method, params });
  const request = (method, params) => new Promise((resolve, reject) => { waiting.set(next, { resolve, reject }); post({ id: next++, method, params }); });

  const section = (title, content, size = "") => el("section", { class: `panel ${size}`, "aria-label": title }, el("header", {}, el("h2", {}, title)), el("div", { class: "body" }, content.flat().filter(Boolean)));
  // The views, by a field that only this tool's answer has.
  const views = [
    ["health_score", (answer) => (answer.repositories ? [section("Health side by side", panels.compared(answer))] : [section(`Health of ${answer.repo}`, panels.health(answer))])],
    ["counts_by_type", (answer) => [section(`Activity of ${answer.repo}`, panels.activity(answer, null)), section("When", panels.heatMap(answer), "half"), section("Recent events", panels.events(answer), "half")]],
    ["attention", (answer) => [section("Needs a look", panels.attention(answer, false)), ...panels.news(answer).map(([repo, content]) => section(repo, content, "half"))]],
    ["pull_requests", (answer) => [section(`Pull requests of ${answer.repo}`, panels.pulls(answer)), section("Time to first response and to merge", panels.durations(answer), "half"), section("Pull requests", panels.rows(answer), "half")]],
    ["dora", (answer) => [section(`Delivery of ${answer.repo}`, panels.deployments(answer))]],
  ];
  const show = (answer) => {
    const [, draw] = views.find(([field]) => field in answer) || [null, () => [nothing("This answer has no picture.")]];
    main.replaceChildren(el("div", { class: "grid" }, draw(answer)));
  };

  // Draw what came; where the host dropped the structure, ask the tool again for it.
  const onResult = async (result, again = true) => {
    if (result.structuredContent) return show(result.structuredContent);
    const text = (result.content || []).map((part) => part.text || "").join("\n");
    const name = host.toolInfo && host.toolInfo.tool && host.toolInfo.tool.name;
    if (again && name && !result.isError) {
      try {
        return await onResult(await request("tools/call", { name, arguments: given }), false);
      } catch {
        // the text below is the whole answer, too
      }
    }
    main.replaceChildren(el("pre", { class: "plain" }, text));
  };

  const onContext = (context) => {
    host = { ...host, ...context };
    if (context.theme) document.documentElement.dataset.theme = context.theme;
    const names = { "--color-background-primary": "--panel", "--color-text-primary": "--text", "--color-text-secondary": "--soft", "--color-border-primary": "--line" };
    for (const [theirs, ours] of Object.entries(names)) {
      const value = context.styles && context.styles.variables && context.styles.variables[theirs];
      if (value && /^[#(),.%/\w\s-]+$/.test(value)) document.documentElement.style.setProperty(ours, value);
    }
    redraw();
  };

  addEventListener("message", (event) => {
    const message = event.data;
    if (event.source !== parent || !message || message.jsonrpc !== "2.0") return;
    if (message.method === undefined && waiting.has(message.id)) {
      const { resolve, reject } = waiting.get(message.id);
      waiting.delete(message.id);
      if (message.error) reject(message.error);
      else resolve(message.result);
    } else if (message.method === "ui/notifications/tool-input") given = message.params.arguments || {};
    else if (message.method === "ui/notifications/tool-result") onResult(message.params);
    else if (message.method === "ui/notifications/tool-cancelled") main.replaceChildren(nothing("The question was withdrawn."));
    else if (message.method === "ui/notifications/host-context-changed") onContext(message.params);
    else if (message.method === "ui/resource-teardown" || message.method === "ping") post({ id: message.id, result: {} });
  });
  document.addEventListener("click", (event) => {
    const anchor = event.target.closest("a[href]");
    if (!anchor) return;
    event.preventDefault();
    if (/^https?:/.test(anchor.href)) request("ui/open-link", { url: anchor.href }).catch(() => null);
  });
  let timer = null;
  new ResizeObserver(() => {
    clearTimeout(timer);
    timer = setTimeout(() => notify("ui/notifications/size-changed", { width: document.body.scrollWidth, height: document.body.scrollHeight }), 50);
  }).observe(document.body);

  request("ui/initialize", { appInfo: { name: "github-events-monitor", version: "1" }, appCapabilities: {}, protocolVersion: "2026-01-26" }).then((answer) => {
    onContext((answer && answer.hostContext) || {});
    notify("ui/notifications/initialized", {});
  });
})();
