// Answers as pictures: what the REST routes and the tools return, by its fields.
"use strict";
(() => {
  const { el, link, number, counted, short, amount, tall, when, bucketLabels, unknownSpans, asTable, chart, ring, bar, grade } = Monitor;
  const origin = (answer) => new URL(answer.repo_url).origin;
  const profile = (answer, login) => `${origin(answer)}/${encodeURIComponent(login.replace(/\[bot\]$/, ""))}`;
  const sum = (values) => values.reduce((total, value) => total + value, 0);
  const kindName = (type) => type.replace(/Event$/, "").replace(/([a-z])([A-Z])/g, "$1 $2");
  const nothing = (text) => el("p", { class: "note empty" }, text);
  const figures = (pairs) => el("dl", { class: "figures" }, pairs.map(([name, value, kind]) => el("div", {}, el("dt", {}, name), el("dd", { class: kind || null }, value))));
  const coverageNote = (answer) => {
    const { coverage } = answer;
    if (coverage.complete) return null;
    const part = coverage.from ? `Known from ${when(coverage.from)} to ${when(coverage.to)} UTC` : "Nothing of this window is completely known";
    return el("p", { class: "note" }, `${part}; the shaded stretches are unknown, not empty. ${coverage.note || ""}`);
  };

  const activity = (answer, releases) => {
    const { series } = answer;
    const sets = Object.entries(series.counts).map(([type, values], index) => ({ label: short(kindName(type), 30), values, colour: type === "other" ? "c7" : `c${index % 7}` }));
    const size = sets.length ? sets[0].values.length : 1;
    const marks = (releases || []).map((one) => ({ at: Date.parse(one.published_at), text: one.tag })).sort((one, other) => one.at - other.at);
    const label = `${counted(answer.total_events, "event")} by ${series.unit}${marks.length ? `, ${counted(marks.length, "release")} marked` : ""}`;
    if (!sets.length) return [nothing("No event of this window is stored. A longer window may have some."), coverageNote(answer)];
    return [chart({ label, labels: bucketLabels(series, size), sets, stacked: true, unit: "events", series, marks, gaps: unknownSpans(answer.window, answer.coverage) }), coverageNote(answer)];
  };

  const sparkline = (answer) => {
    const { series } = answer;
    const rows = Object.values(series.counts);
    const values = rows.length ? rows[0].map((_, index) => sum(rows.map((row) => row[index]))) : [0];
    return chart({ label: `${counted(answer.total_events, "event")} by ${series.unit}`, labels: values.map(String), sets: [{ label: "events", values }], small: true, series, gaps: unknownSpans(answer.window, answer.coverage) });
  };

  const pulls = (answer) => {
    const { summary } = answer, { series } = summary;
    const head = figures([
      ["Open", link(`${answer.repo_url}/pulls`, number(summary.open))], ["Waiting for review", link(`${answer.repo_url}/pulls?q=is%3Apr+is%3Aopen`, number(summary.waiting_for_review))],
      ["Opened", link(`${answer.repo_url}/pulls?q=is%3Apr`, number(summary.opened))], ["Merged", link(`${answer.repo_url}/pulls?q=is%3Apr+is%3Amerged`, number(summary.merged))],
    ]);
    const sets = [{ label: "Opened", values: series.opened, colour: "c0" }, { label: "Merged", values: series.merged, colour: "c3" }, { label: "Closed", values: series.closed, colour: "c7" }, { label: "Open", values: series.open, type: "line", colour: "c1" }];
    if (!sum([series.opened, series.merged, series.closed, series.open].flat())) return [head, nothing("No pull request on record was open, opened, merged or closed in this window."), coverageNote(answer)];
    const label = `Pull requests by ${series.unit}: ${summary.opened} opened, ${number(summary.merged)} merged, ${summary.open} open at the end`;
    return [head, chart({ label, labels: bucketLabels(series, series.open.length), sets, unit: "pull requests", series, gaps: unknownSpans(answer.window, answer.coverage) }), coverageNote(answer)];
  };

  const hours = (value) => (value < 24 ? `${value} h` : value === 24 ? "1 day" : value < 168 ? `${value / 24} days` : "1 week");
  const durations = (answer) => {
    const { durations: took, ...summary } = answer.summary;
    const labels = [...took.up_to_hours.map((value) => `< ${hours(value)}`), "longer"];
    const median = (value, of) => (value === null || value === undefined ? "unknown" : `${number(value)} h of ${of}`);
    const any = sum([...took.first_response, ...took.merge]);
    return [
      figures([["Median to first response", link(`${answer.repo_url}/pulls`, median(summary.median_hours_to_first_response, summary.first_response_sample))], ["Median to merge", link(`${answer.repo_url}/pulls?q=is%3Apr+is%3Amerged`, median(summary.median_hours_to_merge, summary.merge_sample))]]),
      !any ? nothing("No pull request on record was answered or merged in this window.") : chart({ label: "Pull requests by time to first response and to merge", first: "Took", labels, unit: "pull requests", sets: [{ label: "First response", values: took.first_response, colour: "c0" }, { label: "Merge", values: took.merge, colour: "c3" }] }),
    ];
  };

  const people = (answer) => {
    const groups = [["People", answer.developers], ["Bots", answer.bots], ["AI assistants", answer.ai_assistants]];
    const most = Math.max(1, ...groups.flatMap(([, rows]) => rows.map((row) => row.total)));
    const shown = groups.filter(([, rows]) => rows.length);
    if (!shown.length) return [nothing("Nobody took part in what is stored of this window.")];
    return shown.flatMap(([name, rows]) => [
      el("h3", {}, `${name} (${rows.length})`),
      rows.slice(0, 8).map((row) => el("div", { class: "person", title: `${row.login}: ` + Object.entries(row.contributions).map(([kind, count]) => `${kind} ${count}`).join(", ") },
        link(profile(answer, row.login), short(row.login)), bar(row.total / most), el("span", { class: "count" }, number(row.total)))),
    ]).flat();
  };

  const DAYS = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];
  // An answer whose series is by hour has no table by weekday: the series tells it.
  const weekdays = ({ series, weekday_hours: told, window, coverage }) => {
    if (told) return told;
    const found = DAYS.map(() => Array(24).fill(null)), gaps = unknownSpans(window, coverage);
    for (const values of Object.values(series.counts)) values.forEach((count, index) => {
      const from = Date.parse(series.start) + index * 3600e3, at = new Date(from);
      if (count || !gaps.some(([since, until]) => since < from + 3600e3 && from < until)) found[(at.getUTCDay() + 6) % 7][at.getUTCHours()] += count;
    });
    return found;
  };
  const heatMap = (answer) => {
    const counts = weekdays(answer), most = Math.max(...counts.flat());
    if (!most) return [nothing("No event of this window is stored, so there is no time of day to show.")];
    const level = (count) => (count ? Math.min(4, 1 + Math.floor((3.99 * count) / most)) : 0);
    return [el("table", { class: "heat" }, el("caption", {}, `Events by weekday and hour (UTC); the busiest hour has ${number(most)}${counts.flat().includes(null) ? "; hatched ones are unknown" : ""}`),
      el("thead", {}, el("tr", {}, el("th", { scope: "col" }, el("span", { class: "hidden" }, "Day")), Array.from({ length: 24 }, (_, hour) => el("th", { scope: "col" }, hour % 6 ? el("span", { class: "hidden" }, hour) : hour)))),
      el("tbody", {}, counts.map((hours, day) => el("tr", {}, el("th", { scope: "row" }, DAYS[day]),
        hours.map((count, hour) => el("td", { class: count === null ? "unknown" : `l${level(count)}`, title: `${DAYS[day]} ${hour}:00: ${number(count)}` }, el("span", { class: "hidden" }, number(count)))))))),
      el("div", { class: "meta scale", "aria-hidden": "true" }, "fewer ", [0, 1, 2, 3, 4].map((step) => el("i", { class: `l${step}` })), " more")];
  };

  const events = (answer) => {
    if (!answer.events.length) return [nothing("No event of this window is stored. A longer window may have some.")];
    const found = answer.events.map((row) => el("li", {}, link(row.url, row.title || kindName(row.event_type)), el("div", { class: "meta" }, `${short(kindName(row.event_type))}, ${short(row.actor_login || "unknown")}, ${when(row.created_at)} UTC`)));
    return [el("p", { class: "note" }, `${answer.events.length} of ${number(answer.total_events)}`), tall("Recent events", el("ul", { class: "list" }, found))];
  };

  // Several repositories side by side, a column each.
  const compared = (answer) => {
    const rows = answer.repositories, names = [...new Set(rows.flatMap((one) => Object.keys(one.components || {})))];
    const cell = (part) => (!part || part.score === null ? el("td", { class: "unknown" }, "unknown") : el("td", { class: grade(part.score) }, number(100 * part.score, 0), bar(part.score)));
    return [el("div", { class: "wide", tabindex: "0", role: "region", "aria-label": "Health side by side" }, el("table", { class: "words compared" }, el("caption", {}, "Scores of 0 to 100"),
      el("thead", {}, el("tr", {}, el("th", { scope: "col" }, "Component"), rows.map((one) => el("th", { scope: "col" }, one.repo)))),
      el("tbody", {}, el("tr", {}, el("th", { scope: "row" }, "health"), rows.map((one) => (one.error ? el("td", { class: "bad" }, one.error.message) : el("td", {}, ring(one.health_score))))),
        names.map((name) => el("tr", {}, el("th", { scope: "row" }, name.replaceAll("_", " ")), rows.map((one) => cell((one.components || {})[name]))))))),
      el("ul", { class: "list" }, rows.filter((one) => one.recommendation).map((one) => el("li", {}, `${one.repo}: ${one.recommendation}`)))];
  };

  const health = (answer) => {
    const rows = answer.components.flatMap((part) => [
      el("tr", { class: "part" },
        el("td", {}, part.name.replaceAll("_", " ")),
        el("td", { class: grade(part.score) }, part.score === null ? "unknown" : el("span", { class: "hidden" }, `score ${number(100 * part.score, 0)} of 100`), part.score === null ? null : bar(part.score)),
        el("td", {}, part.value === null ? "–" : amount(part.value, part.unit), part.sample_size === null ? null : el("span", { class: "meta" }, ` of ${number(part.sample_size)}`)),
        el("td", {}, number(part.weight, 2))),
      el("tr", {}, el("td", { colspan: 4, class: "meta explain" }, part.explanation)),
    ]);
    const { trend } = answer;
    return [
      el("div", { class: "row" }, ring(answer.health_score), el("div", {}, el("strong", {}, answer.health_score === null ? "Too little is known for a score" : `Trend: ${trend.direction || "unknown"}${trend.change === null ? "" : ` (${trend.change > 0 ? "+" : ""}${number(trend.change)})`}`),
        el("div", { class: "meta" }, answer.confidence === null ? "" : `Confidence ${number(answer.confidence, 2)}. `, trend.explanation))),
      el("table", { class: "words components" }, el("caption", { class: "hidden" }, "Components of health"), el("thead", {}, el("tr", {}, ["Component", "Score", "Value", "Weight"].map((name) => el("th", { scope: "col" }, name)))), el("tbody", {}, rows)),
      answer.recommendations.length ? el("h3", {}, "What would help") : null,
      el("ul", { class: "list" }, answer.recommendations.map((text) => el("li", {}, text))),
    ];
  };

  const commits = (answer) => {
    if (!answer.commits.length) return [nothing("No commit of this window is stored. A longer window may have some.")];
    const found = answer.commits.map((row) => el("li", {}, link(`${answer.repo_url}/commit/${row.sha}`, row.message || row.sha.slice(0, 10)),
      el("div", { class: "meta" }, row.summary && row.summary.risk_level && row.summary.risk_level !== "low" ? el("span", { class: `tag ${row.summary.risk_level === "high" ? "bad" : "fair"}` }, `${row.summary.risk_level} risk`) : null,
        `${short(row.author_login || row.author_name || "unknown")}, ${when(row.committed_at)} UTC, ${row.additions === null ? "size unknown" : `+${row.additions} −${row.deletions}`}`)));
    return [el("p", { class: "note" }, `${answer.commits.length} of ${number(answer.total_commits)}`), tall("Recent commits", el("ul", { class: "list" }, found))];
  };

  // Evidence is commit:<sha>, event:<id> (which has no page and is left out), or an address.
  const evidence = (answer, rows) => (rows || []).slice(0, 6).flatMap((one) => {
    const [, kind, id] = one.match(/^(commit|event):(.*)$/) || [];
    if (kind === "commit") return [" ", link(`${answer.repo_url}/commit/${encodeURIComponent(id)}`, id.slice(0, 10))];
    return kind ? [] : [" ", link(one, "evidence")];
  });
  const severity = (level) => (level === "low" ? "unknown" : level === "medium" ? "fair" : "bad");
  const findings = (security, anomalies) => {
    const rows = [
      ...(security ? security.findings : []).map((one) => el("li", {}, el("span", { class: `tag ${severity(one.severity)}` }, one.severity), one.title, el("div", { class: "meta" }, `${one.explanation} ${one.occurred_at ? `${when(one.occurred_at)} UTC.` : ""}`, evidence(security, one.evidence)))),
      ...(anomalies ? anomalies.anomalies : []).map((one) => el("li", {}, el("span", { class: "tag fair" }, one.type), `${kindName(one.event_type)}: ${number(one.observed)} where ${number(one.expected)} are usual`, el("div", { class: "meta" }, `${one.explanation} ${when(one.started_at)} UTC.`, evidence(anomalies, one.evidence)))),
    ];
    const unknown = security && security.unknown.length ? el("p", { class: "note" }, `Not looked at: ${security.unknown.join("; ")}`) : null;
    return [rows.length ? tall("Findings", el("ul", { class: "list" }, rows)) : nothing("Nothing was found that needs a closer look."), unknown];
  };

  // Releases and deployments by week, where the answer has all of them.
  const deliveries = (answer) => {
    if (answer.releases.length < answer.total_releases || answer.deployments.length < answer.total_deployments || !(answer.total_releases + answer.total_deployments)) return null;
    const [since, until] = [Date.parse(answer.window.since), Date.parse(answer.window.until)], week = 7 * 86400e3;
    const series = { unit: "week", start: answer.window.since }, size = Math.max(1, Math.ceil((until - since) / week));
    const byWeek = (instants) => { const found = Array(size).fill(0); for (const at of instants) found[Math.min(size - 1, Math.max(0, Math.floor((Date.parse(at) - since) / week)))] += 1; return found; };
    const sets = [
      { label: "Deployments", total: answer.total_deployments, times: answer.deployments.map((one) => one.created_at), colour: "c0" },
      { label: "Releases", total: answer.total_releases, times: answer.releases.map((one) => one.published_at), colour: "c1" },
    ].filter((one) => one.total !== null).map((one) => ({ ...one, values: byWeek(one.times) }));
    const label = `${sets.map((one) => counted(one.total, one.label.toLowerCase().slice(0, -1))).join(" and ")} by week`;
    return chart({ label, labels: bucketLabels(series, size), sets, unit: "per week", series, gaps: unknownSpans(answer.window, answer.coverage) });
  };
  const deployments = (answer) => [el("div", { class: "columns" },
    el("div", {},
      el("table", { class: "words" }, el("caption", {}, "The four DORA keys, as proxies"), el("thead", {}, el("tr", {}, ["Key", "Value", "Band"].map((name) => el("th", { scope: "col" }, name)))),
        el("tbody", {}, answer.dora.map((key) => el("tr", {}, el("td", {}, key.name.replaceAll("_", " "), el("div", { class: "meta explain" }, key.explanation)), el("td", {}, key.value === null ? "unknown" : amount(key.value, key.unit)), el("td", { class: { elite: "good", high: "good", medium: "fair", low: "bad" }[key.band] || "unknown" }, key.band || "unknown"))))),
      deliveries(answer)),
    el("div", {}, el("h3", {}, `Releases (${number(answer.total_releases)})`),
      answer.releases.length ? el("ul", { class: "list" }, answer.releases.slice(0, 8).map((one) => el("li", {}, link(`${answer.repo_url}/releases/tag/${encodeURIComponent(one.tag)}`, short(one.tag)), " ", el("span", { class: "meta", title: one.tag }, `${when(one.published_at)} UTC by ${short(one.author_login || "unknown")}`)))) : nothing("No release of this window is stored."))),
  ];

  const attention = (answer, local) => {
    const rows = answer.attention.map((one) => el("li", {}, el("span", { class: `tag ${one.kind === "release" ? "good" : ["anomaly", "pull_request_waiting"].includes(one.kind) ? "fair" : "bad"}` }, one.kind.replaceAll("_", " ")),
      link(local ? `/r/${one.repo.split("/").map(encodeURIComponent).join("/")}` : null, one.repo), ": ", link(one.url, one.reason), one.at ? el("span", { class: "meta" }, ` ${when(one.at)} UTC`) : null));
    const failed = Object.entries(answer.errors || {}).map(([repo, problem]) => el("li", {}, el("span", { class: "tag bad" }, problem.code), `${repo}: ${problem.message}`));
    return [rows.length || failed.length ? el("ul", { class: "list" }, rows, failed) : nothing("Nothing needs a person at the moment."), answer.note ? el("p", { class: "note" }, answer.note) : null];
  };
  // What is new, repository by repository: how much, and the first of each kind.
  const news = (answer) => answer.repositories.map((one) => [one.repo, [
    figures(Object.entries(one.counts).map(([kind, count]) => [kind.replaceAll("_", " "), number(count)])),
    Object.entries(one.first || {}).map(([kind, rows]) => [el("h3", {}, kind.replaceAll("_", " ")), el("ul", { class: "list" }, rows.map((row) => el("li", {}, link(row.url, row.title), row.at ? el("span", { class: "meta" }, ` ${when(row.at)} UTC`) : null)))]).flat(),
  ]]);
  const rows = (answer) => (answer.pull_requests.length ? [el("ul", { class: "list" }, answer.pull_requests.slice(0, 12).map((one) => el("li", {}, link(`${answer.repo_url}/pull/${one.number}`, `#${one.number} ${one.title || "title unknown"}`),
    el("div", { class: "meta" }, one.waiting_for ? el("span", { class: "tag fair" }, `waiting for ${one.waiting_for}`) : null, `${short(one.author_login || "unknown")}, ${one.draft ? "draft, " : ""}updated ${when(one.updated_at)} UTC`))))] : [nothing("No open pull request is on record.")]);

  Object.assign(Monitor, { panels: { activity, sparkline, pulls, durations, people, heatMap, events, compared, health, commits, findings, deployments, attention, news, rows }, figures, nothing });
})();
