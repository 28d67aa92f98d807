// The web page: asks the REST routes that anyone can ask, and shows the answers as they come.
"use strict";
(() => {
  const { el, link, number, counted, short, amount, when, ring, panels, figures, grade } = Monitor;
  const main = document.getElementById("main"), chooser = document.getElementById("window"), signOut = document.getElementById("sign-out");
  const KEY = "github-events-monitor-token";
  let round = 0;

  const token = () => sessionStorage.getItem(KEY);
  // Ask once; stored: without waiting for what would be collected from GitHub first, which `stale` then says.
  const ask = async (path, parameters, stored = false) => {
    const query = new URLSearchParams(Object.entries(parameters || {}).filter(([, value]) => value !== null));
    const headers = { Accept: "application/json", ...(stored ? { Prefer: "wait=0" } : {}), ...(token() ? { Authorization: `Bearer ${token()}` } : {}) };
    const response = await fetch(`${path}?${query}`, { headers }).catch(() => {
      throw { code: "unreachable", message: "The server does not answer. Is it still running? Start it with: github-events-monitor dashboard" };
    });
    const body = await response.json().catch(() => ({}));
    if (response.ok) return { answer: response.status === 202 ? null : body, stale: response.headers.has("Preference-Applied") };
    throw { status: response.status, code: body.code || String(response.status), message: body.message || response.statusText, retry_at: body.retry_at };
  };
  const settled = (promise) => promise.then(() => null, () => null);
  const outcome = (promise) => promise.catch((error) => { if (error.status === 401) throw error; return { answer: null, stale: true }; });
  // A question twice at most: `stored` is what is known at once; `whole`, asked for where that is stale or missing,
  // waits for collecting. Each is asked after that of another question, so that the first is there soon; where that failed
  // and nothing is stored, it fails alike without asking.
  const question = (path, parameters, before = null) => {
    const stored = (before ? settled(before.stored) : Promise.resolve()).then(() => outcome(ask(path, parameters, true)));
    const whole = stored.then(async (found) => {
      if (before) await (found.answer ? settled(before.whole) : before.whole);
      return found.stale ? ask(path, parameters) : found;
    });
    settled(stored);
    settled(whole);
    return { stored, whole };
  };
  const hours = () => Number(chooser.value);

  const HINTS = { rate_limited: "GITHUB_TOKEN raises the limit from 60 requests an hour to 5,000.", not_found: "Check the spelling; a private repository needs a token that may read it.", unreachable: "What is stored stays; try again, or look at: github-events-monitor doctor", forbidden: "GitHub or this server refuses it; the message says which setting." };
  const failure = (error, again) => el("div", { class: "error", role: "alert" }, el("p", {}, el("strong", {}, error.code || "error"), `: ${error.message || error}`), error.retry_at ? el("p", {}, `It works again from ${when(error.retry_at)} UTC on.`) : null,
    HINTS[error.code] ? el("p", { class: "meta" }, HINTS[error.code]) : null, again ? button("Try again", again) : null);
  const button = (text, act) => { const made = el("button", { type: "button" }, text); made.addEventListener("click", act); return made; };

  // A panel with a place for its content. show() draws what is stored, then what is known after collecting, or says
  // why nothing is; what is not stored yet is never shown as if there were none. What fails
  // of the questions after the first is left out.
  const panel = (title, { size = "", skeleton = null } = {}) => {
    const body = el("div", { class: "body asking" }, skeleton || el("p", { class: "note" }, "Asking…"));
    const box = el("section", { class: `panel ${size}`, "aria-busy": "true", "aria-label": title }, el("header", {}, el("h2", {}, title)), body);
    const put = (content, busy) => {
      body.replaceChildren(...content.flat().filter(Boolean));
      body.classList.toggle("asking", false);
      if (busy) for (const empty of body.querySelectorAll(".empty")) empty.textContent = "Nothing so far; what is new is being collected from GitHub…";
    };
    const show = async (questions, draw) => {
      const mine = round;
      try {
        const stored = await Promise.all(questions.map((one) => one.stored));
        if (mine !== round) return;
        const busy = stored.some((one) => one.stale);
        if (stored[0].answer) put(draw(...stored.map((one) => one.answer)), busy);
        else body.replaceChildren(skeleton || el("p", { class: "note" }, "Collecting from GitHub…"));
        if (!busy) return;
        const whole = await Promise.all(questions.map((one, index) => (index ? outcome(one.whole) : one.whole)));
        if (mine === round) put(draw(...whole.map((one) => one.answer)), false);
      } catch (error) {
        if (mine !== round) return;
        if (error.status === 401) return signIn(Boolean(token()));
        if (error instanceof Error) console.error(error);
        for (const old of body.querySelectorAll(".empty, .asking > *")) old.remove();
        body.prepend(failure(error, start));
      } finally {
        body.classList.remove("asking");
        if (mine === round) box.setAttribute("aria-busy", "false");
      }
    };
    return { box, body, show };
  };

  const signIn = (wrong) => {
    round += 1;
    sessionStorage.removeItem(KEY);
    const input = el("input", { type: "password", id: "token", autocomplete: "off", required: true });
    const form = el("form", { class: "panel sign-in" }, el("h1", {}, "Sign in"), el("p", { class: "sub" }, "This server asks for its API_TOKEN. It is kept until this tab is closed."), wrong ? el("p", { class: "bad", role: "alert" }, "That token was not accepted.") : null,
      el("label", { for: "token" }, "API_TOKEN"), input, el("button", { type: "submit" }, "Sign in"));
    form.addEventListener("submit", (event) => { event.preventDefault(); sessionStorage.setItem(KEY, input.value.trim()); start(); });
    main.replaceChildren(form);
    input.focus();
  };

  const covered = (coverage) => (coverage.complete ? "complete" : coverage.from ? "partial" : "unknown");
  const lasting = () => chooser.selectedOptions[0].text;
  // What a window of a day says about health is chance: it rests on thirty days at least.
  const longest = (least) => Math.max(least, hours());
  const said = (least) => (longest(least) > hours() ? `${least / 24} days` : lasting());

  // Whether anything is still being collected, in a line that is always there.
  const progress = (questions) => {
    const line = el("p", { class: "sub progress", role: "status" }, "");
    const mine = round;
    Promise.all(questions.map((one) => one.stored)).then((all) => {
      if (mine === round && all.some((one) => one.stale)) line.textContent = "Collecting what is new from GitHub…";
    }, () => null);
    Promise.all(questions.map((one) => settled(one.whole))).then(() => { line.textContent = ""; });
    return line;
  };

  const repository = (repo) => {
    const about = { repo, hours: hours() };
    const counts = question("/metrics/event-counts", about);
    const pulls = question("/pulls", about, counts), rest = { stored: counts.stored, whole: pulls.whole };
    const delivery = question("/metrics/release-deployment", about, rest);
    const health = question("/metrics/repository-health", { repo, hours: longest(720) }, rest);
    const security = question("/metrics/security-monitoring", about, rest), anomalies = question("/metrics/event-anomalies", about, rest);
    const commits = question("/commits/recent", about, rest), people = question("/metrics/developer-productivity", about, rest);
    const place = {
      activity: panel("Activity", { size: "tall-activity" }), health: panel("Health", { size: "two tall-health" }), findings: panel("Findings", { size: "third tall-health" }),
      pulls: panel("Pull requests over time", { size: "half tall-chart" }), durations: panel("Time to first response and to merge", { size: "half tall-chart" }),
      heat: panel("When", { size: "half tall-list" }), people: panel("People", { size: "half tall-list" }), commits: panel("Recent commits", { size: "half tall-list" }), rows: panel("Open pull requests", { size: "half tall-list" }),
      delivery: panel("Releases and delivery", { size: "tall-list" }),
    };
    place.health.box.querySelector("h2").append(el("span", { class: "meta" }, ` over ${said(720)}`));
    const sub = el("p", { class: "sub about" }, "Asking what is stored…"), heading = el("h1", {}, repo);
    main.replaceChildren(heading, sub, progress([counts, pulls, delivery, health, security, anomalies, commits, people]), el("div", { class: "grid" }, Object.values(place).map((one) => one.box)));
    const mine = round;
    const urls = { activity: "/activity", health: "/pulse", findings: "/security", pulls: "/pulls", durations: "/pulls", rows: "/pulls", people: "/graphs/contributors", heat: "/graphs/commit-activity", delivery: "/releases", commits: "/commits" };
    const introduce = ({ answer }) => {
      if (mine !== round || !answer) return;
      document.title = `${answer.repo} – GitHub Events Monitor`;
      heading.replaceChildren(link(answer.repo_url, answer.repo));
      sub.textContent = `${when(answer.window.since)} to ${when(answer.window.until)} UTC; ${answer.coverage.last_collected_at ? `collected ${when(answer.coverage.last_collected_at)} UTC` : "never collected"}; coverage ${covered(answer.coverage)}`;
      for (const [name, path] of Object.entries(urls)) {
        const header = place[name].box.querySelector("header");
        if (!header.querySelector("a")) header.append(link(answer.repo_url + path, "On GitHub"));
      }
    };
    counts.stored.then(introduce, () => null);
    counts.whole.then(introduce, async (error) => {
      const { answer } = await counts.stored;
      if (mine !== round || error.status === 401 || answer) return;
      round += 1;
      main.replaceChildren(heading, el("section", { class: "panel", "aria-label": "What went wrong" }, failure(error, start)));
    }).catch(() => null);
    place.activity.show([counts], (answer) => panels.activity(answer, null));
    place.heat.show([counts], panels.heatMap);
    place.pulls.show([pulls], panels.pulls);
    place.durations.show([pulls], panels.durations);
    place.rows.show([pulls], panels.rows);
    place.delivery.show([delivery], panels.deployments);
    place.commits.show([commits], panels.commits);
    place.people.show([people], panels.people);
    place.health.show([health], panels.health);
    place.findings.show([security, anomalies], panels.findings);
    // Releases are marked when they are known: the chart does not wait for them.
    Promise.all([counts.whole, delivery.whole]).then(([{ answer }, releases]) => { if (mine === round && releases.answer.releases.length) place.activity.body.replaceChildren(...panels.activity(answer, releases.answer.releases).filter(Boolean)); }).catch(() => null);
  };

  const card = (repo) => {
    const local = `/r/${repo.split("/").map(encodeURIComponent).join("/")}?hours=${hours()}`;
    const drawn = (counts, health, pulls, delivery, security) => {
      const ci = health && health.components.find((part) => part.name === "ci_success");
      const release = delivery && delivery.releases[0], url = counts && counts.repo_url;
      const figure = (answer, path, text, kind) => (answer ? [link(url + path, text), kind] : counts ? ["unknown", "unknown"] : ["…", "unknown"]);
      const released = release ? figure(release, "/releases", short(release.tag, 20)) : delivery ? figure(delivery, "/releases", `none in ${said(2160)}`, "unknown") : figure(null);
      const found = security ? security.findings.length + security.findings_omitted : 0;
      return [el("div", { class: "repo" }, ring(health && health.health_score),
        el("div", { class: "side" }, counts ? panels.sparkline(counts) : el("div", { class: "plot small" }), el("div", { class: "meta" }, counts ? [link(`${url}/activity`, counted(counts.total_events, "event")), ` in ${lasting()}; collected ${when(counts.coverage.last_collected_at)}${counts.coverage.last_collected_at ? " UTC" : ""}`] : "Asking…")),
        figures([["Open PRs", ...figure(pulls, "/pulls", pulls && number(pulls.summary.open))], ["Waiting", ...figure(pulls, "/pulls", pulls && number(pulls.summary.waiting_for_review), pulls && pulls.summary.waiting_for_review ? "fair" : "good")],
          ["CI", ...figure(ci && ci.value !== null ? ci : null, "/actions", ci && amount(ci.value, ci.unit), ci && grade(ci.score))], ["Findings", ...figure(security, "/security", number(found), found ? "fair" : "good")],
          ["Last release", ...released], ["Coverage", ...figure(counts, "/activity", counts && covered(counts.coverage), counts && counts.coverage.complete ? "good" : "fair")]]))];
    };
    const { box, show } = panel(repo, { skeleton: drawn()[0] });
    box.querySelector("h2").replaceChildren(link(local, repo));
    const load = () => {
      const counts = question("/metrics/event-counts", { repo, hours: hours() });
      const others = [["/metrics/repository-health", { repo, hours: longest(720) }], ["/pulls", { repo, hours: hours(), limit: 1 }], ["/metrics/release-deployment", { repo, hours: longest(2160) }], ["/metrics/security-monitoring", { repo, hours: hours() }]]
        .map(([path, parameters]) => question(path, parameters, counts));
      return show([counts, ...others], drawn);
    };
    return { box, load };
  };

  // At most four repositories at a time, in order, so that the first ones are there soon.
  const inTurn = async (works) => { const left = [...works]; await Promise.all(Array.from({ length: 4 }, async () => { while (left.length) await left.shift()(); })); };

  const overview = () => {
    document.title = "GitHub Events Monitor";
    const look = panel("Needs a look", { size: "tall-look" }), grid = el("div", { class: "grid" }, look.box);
    const status = ask("/status");
    const news = status.then(({ answer }) => question("/whats-new", { since: new Date(Date.parse(answer.now) - hours() * 3600e3).toISOString().replace(/\.\d+Z$/, "Z") }));
    const asked = { stored: news.then((one) => one.stored), whole: news.then((one) => one.whole) };
    settled(asked.stored);
    settled(asked.whole);
    const scope = hours() < 2160 ? `Events, pull requests and findings of the last ${lasting()}; health and CI of ${said(720)}; the last release of ${said(2160)}.` : `Everything is of the last ${lasting()}.`;
    main.replaceChildren(el("h1", {}, "Watched repositories"), el("p", { class: "sub about" }, scope), progress([asked]), grid);
    const mine = round;
    status.then(({ answer }) => {
      if (mine !== round || !answer.watching.length) return;
      const cards = answer.watching.map(card);
      grid.append(...cards.map((one) => one.box));
      inTurn(cards.map((one) => one.load));
    }, () => null);
    look.show([asked, { stored: status, whole: status }], (answer, { watching }) => {
      if (!watching.length) return unwatched(look.box);
      look.box.querySelector("h2").replaceChildren("Needs a look", el("span", { class: "meta" }, ` ${answer.attention.length || ""}`));
      return panels.attention(answer, true);
    });
  };
  const unwatched = (box) => [box.querySelector("h2").replaceChildren("No repository is watched yet"), el("p", {}, "Watch one with ", el("code", {}, "github-events-monitor watch add owner/name"), " or set ", el("code", {}, "TARGET_REPOSITORIES"), ", then reload. Any repository has a page of its own at ", el("code", {}, "/r/owner/name"), ".")];

  const decoded = (part) => { try { return decodeURIComponent(part); } catch { return part; } };

  const start = () => {
    round += 1;
    signOut.hidden = !token();
    const [, owner, name] = location.pathname.match(/^\/r\/([^/]+)\/([^/]+)\/?$/) || [];
    if (owner) repository(`${decoded(owner)}/${decoded(name)}`);
    else overview();
  };
  const wanted = new URLSearchParams(location.search).get("hours");
  if ([...chooser.options].some((option) => option.value === wanted)) chooser.value = wanted;
  chooser.addEventListener("change", () => { const url = new URL(location.href); url.searchParams.set("hours", chooser.value); history.replaceState(null, "", url); start(); });
  signOut.addEventListener("click", () => { sessionStorage.removeItem(KEY); start(); });
  start();
})();
