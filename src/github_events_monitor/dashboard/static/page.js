// The web page: asks the REST routes that anyone can ask, and shows the answers as they come.
"use strict";
(() => {
  const { el, link, number, amount, when, ring, panels, figures, nothing, grade } = Monitor;
  const main = document.getElementById("main"), chooser = document.getElementById("window"), signOut = document.getElementById("sign-out");
  const KEY = "github-events-monitor-token";
  let round = 0;

  const token = () => sessionStorage.getItem(KEY);
  const ask = async (path, parameters) => {
    const query = new URLSearchParams(Object.entries(parameters || {}).filter(([, value]) => value !== null));
    const response = await fetch(`${path}?${query}`, { headers: { Accept: "application/json", ...(token() ? { Authorization: `Bearer ${token()}` } : {}) } }).catch(() => {
      throw { code: "unreachable", message: "The server does not answer. Is it still running? Start it with: github-events-monitor dashboard" };
    });
    const body = await response.json().catch(() => ({}));
    if (response.ok) return body;
    throw { status: response.status, code: body.code || String(response.status), message: body.message || response.statusText, retry_at: body.retry_at };
  };
  const hours = () => Number(chooser.value);

  const HINTS = { rate_limited: "GITHUB_TOKEN raises the limit from 60 requests an hour to 5,000.", not_found: "Check the spelling; a private repository needs a token that may read it.", unreachable: "What is stored stays; try again, or look at: github-events-monitor doctor", forbidden: "GitHub or this server refuses it; the message says which setting." };
  const failure = (error, again) => el("div", { class: "error", role: "alert" }, el("p", {}, el("strong", {}, error.code || "error"), `: ${error.message || error}`), error.retry_at ? el("p", {}, `It works again from ${when(error.retry_at)} UTC on.`) : null,
    HINTS[error.code] ? el("p", { class: "meta" }, HINTS[error.code]) : null, again ? button("Try again", again) : null);
  const button = (text, act) => { const made = el("button", { type: "button" }, text); made.addEventListener("click", act); return made; };

  // A panel with a place for its content; fill() shows what comes, or why it does not.
  const panel = (title, { size = "", url = null, reserve = true } = {}) => {
    const body = el("div", { class: `body${reserve ? " reserve" : ""}` }, el("p", { class: "note" }, "Asking…"));
    const box = el("section", { class: `panel ${size}`, "aria-busy": "true", "aria-label": title }, el("header", {}, el("h2", {}, title), url ? link(url, "On GitHub") : null), body);
    const fill = async (work) => {
      const mine = round;
      try {
        const content = await work();
        if (mine === round) body.replaceChildren(...content.flat().filter(Boolean));
      } catch (error) {
        if (mine !== round) return;
        if (error.status === 401) return signIn(Boolean(token()));
        if (error instanceof Error) console.error(error);
        body.replaceChildren(failure(error, () => { body.replaceChildren(el("p", { class: "note" }, "Asking…")); fill(work); }));
      } finally {
        box.setAttribute("aria-busy", "false");
      }
    };
    return { box, body, fill };
  };

  const signIn = (wrong) => {
    round += 1;
    sessionStorage.removeItem(KEY);
    const input = el("input", { type: "password", id: "token", autocomplete: "off", required: true });
    const form = el("form", { class: "panel sign-in" }, el("h1", {}, "Sign in"), el("p", { class: "sub" }, "This server asks for its API_TOKEN. It is kept until this tab is closed."), wrong ? el("p", { class: "bad", role: "alert" }, "That token was not accepted.") : null,
      el("label", { for: "token" }, "API_TOKEN"), input, el("button", { type: "submit" }, "Sign in"));
    form.addEventListener("submit", (event) => { event.preventDefault(); sessionStorage.setItem(KEY, input.value.trim()); show(); });
    main.replaceChildren(form);
    input.focus();
  };

  const fresh = (coverage) => (coverage.last_collected_at ? `collected ${when(coverage.last_collected_at)} UTC` : "never collected");
  const covered = (coverage) => (coverage.complete ? "complete" : coverage.from ? "partial" : "unknown");

  const repository = (repo) => {
    const about = { repo, hours: hours() };
    const counts = ask("/metrics/event-counts", about);
    const delivery = counts.catch(() => null).then(() => ask("/metrics/release-deployment", about));
    const pulls = counts.catch(() => null).then(() => ask("/pulls", about));
    for (const promise of [counts, delivery, pulls]) promise.catch(() => null);
    const sub = el("p", { class: "sub" }, "…"), heading = el("h1", {}, repo);
    const place = { activity: panel("Activity"), health: panel("Health", { size: "two" }), findings: panel("Findings", { size: "third" }), pulls: panel("Pull requests over time", { size: "half" }), durations: panel("Time to first response and to merge", { size: "half" }), rows: panel("Open pull requests", { size: "half", reserve: false }),
      people: panel("People", { size: "half" }), heat: panel("When", { size: "half" }), delivery: panel("Releases and delivery", { size: "half" }), commits: panel("Recent commits", { size: "half" }) };
    const order = ["activity", "health", "findings", "pulls", "durations", "heat", "people", "commits", "rows", "delivery"];
    main.replaceChildren(heading, sub, el("div", { class: "grid" }, order.map((name) => place[name].box)));
    const mine = round;
    counts.then((answer) => {
      if (mine !== round) return;
      document.title = `${answer.repo} – GitHub Events Monitor`;
      heading.replaceChildren(link(answer.repo_url, answer.repo));
      sub.replaceChildren(`${when(answer.window.since)} to ${when(answer.window.until)} UTC; ${fresh(answer.coverage)}; coverage ${covered(answer.coverage)}`);
      const urls = { activity: "/activity", health: "/pulse", findings: "/security", pulls: "/pulls", durations: "/pulls", rows: "/pulls", people: "/graphs/contributors", heat: "/graphs/commit-activity", delivery: "/releases", commits: "/commits" };
      for (const [name, path] of Object.entries(urls)) place[name].box.querySelector("header").append(link(answer.repo_url + path, "On GitHub"));
    }, () => sub.replaceChildren(""));
    place.activity.fill(async () => panels.activity(await counts, null)).then(() => delivery).then(async (answer) => { if (answer.releases.length && mine === round) place.activity.body.replaceChildren(...panels.activity(await counts, answer.releases).filter(Boolean)); }).catch(() => null);
    place.heat.fill(async () => panels.heatMap(await counts));
    place.pulls.fill(async () => panels.pulls(await pulls));
    place.durations.fill(async () => panels.durations(await pulls));
    place.rows.fill(async () => panels.rows(await pulls));
    place.delivery.fill(async () => panels.deployments(await delivery));
    const later = (path, draw) => async () => { await pulls.catch(() => null); return draw(await ask(path, about)); };
    place.commits.fill(later("/commits/recent", panels.commits));
    place.people.fill(later("/metrics/developer-productivity", panels.people));
    place.health.fill(later("/metrics/repository-health", panels.health));
    place.findings.fill(async () => { await pulls.catch(() => null); const [security, anomalies] = await Promise.allSettled([ask("/metrics/security-monitoring", about), ask("/metrics/event-anomalies", about)]); if (security.status === "rejected") throw security.reason; return panels.findings(security.value, anomalies.status === "fulfilled" ? anomalies.value : null); });
  };

  // At most four repositories at a time, in order, so that the first ones are there soon.
  const inTurn = async (works) => { const left = [...works]; await Promise.all(Array.from({ length: 4 }, async () => { while (left.length) await left.shift()(); })); };

  const card = (repo) => {
    const local = `/r/${repo.split("/").map(encodeURIComponent).join("/")}?hours=${hours()}`;
    const { box, body, fill } = panel(repo, { reserve: false });
    box.querySelector("h2").replaceChildren(link(local, repo));
    const load = () => fill(async () => {
      const about = { repo, hours: 720 };
      const counts = await ask("/metrics/event-counts", about);
      const parts = await Promise.allSettled([ask("/metrics/repository-health", about), ask("/pulls", { ...about, limit: 1 }), ask("/metrics/release-deployment", { repo, hours: 2160 }), ask("/metrics/security-monitoring", about)]);
      const [health, pulls, delivery, security] = parts.map((part) => (part.status === "fulfilled" ? part.value : null));
      const ci = health && health.components.find((part) => part.name === "ci_success");
      const release = delivery && delivery.releases[0];
      const url = counts.repo_url, missing = ["unknown", "unknown"];
      const figure = (answer, path, text, kind) => (answer ? [link(url + path, text), kind] : missing);
      return [el("div", { class: "repo" }, ring(health && health.health_score), el("div", { class: "side" }, panels.sparkline(counts), el("div", { class: "meta" }, link(`${url}/activity`, `${number(counts.total_events)} events`), " in 30 days")),
        figures([["Open PRs", ...figure(pulls, "/pulls", pulls && number(pulls.summary.open))], ["Waiting", ...figure(pulls, "/pulls", pulls && number(pulls.summary.waiting_for_review), pulls && pulls.summary.waiting_for_review ? "fair" : "good")],
          ["Last release", ...figure(release, "/releases", release && release.tag)], ["CI", ...figure(ci && ci.value !== null ? ci : null, "/actions", ci && amount(ci.value, ci.unit), ci && grade(ci.score))],
          ["Findings", ...figure(security, "/security", security && number(security.findings.length + security.findings_omitted), security && security.findings.length ? "fair" : "good")],
          ["Coverage", link(`${url}/activity`, covered(counts.coverage)), counts.coverage.complete ? "good" : "fair"], ["Collected (UTC)", when(counts.coverage.last_collected_at)]]))];
    });
    body.classList.add("card");
    return { box, load };
  };

  const overview = () => {
    document.title = "GitHub Events Monitor";
    const look = panel("Needs a look", { reserve: false }), grid = el("div", { class: "grid" }, look.box);
    main.replaceChildren(el("h1", {}, "Watched repositories"), grid);
    look.fill(async () => {
      const status = await ask("/status");
      if (!status.watching.length) return [nothing("No repository is watched yet."), el("p", {}, "Watch one with ", el("code", {}, "github-events-monitor watch add owner/name"), " or set ", el("code", {}, "TARGET_REPOSITORIES"), ", then reload. Any repository has a page of its own at ", el("code", {}, "/r/owner/name"), ".")];
      const cards = status.watching.map((repo) => card(repo));
      grid.append(...cards.map((one) => one.box));
      inTurn(cards.map((one) => one.load));
      const since = new Date(Date.parse(status.now) - hours() * 3600e3).toISOString().replace(/\.\d+Z$/, "Z");
      return panels.attention(await ask("/whats-new", { since }), true);
    });
  };

  const show = () => {
    round += 1;
    signOut.hidden = !token();
    const [, owner, name] = location.pathname.match(/^\/r\/([^/]+)\/([^/]+)\/?$/) || [];
    if (owner) repository(`${decodeURIComponent(owner)}/${decodeURIComponent(name)}`);
    else overview();
  };
  const wanted = new URLSearchParams(location.search).get("hours");
  if ([...chooser.options].some((option) => option.value === wanted)) chooser.value = wanted;
  chooser.addEventListener("change", () => { const url = new URL(location.href); url.searchParams.set("hours", chooser.value); history.replaceState(null, "", url); show(); });
  signOut.addEventListener("click", () => { sessionStorage.removeItem(KEY); show(); });
  show();
})();
