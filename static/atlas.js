/* atlas: what scripts add to pages that read well without them. One file, no libraries.
   The first part runs before the page is painted; the rest when it is parsed. */
"use strict";
(() => {
  const page = document.documentElement;
  const root = page.dataset.root;
  const remembered = {
    get(name) { try { return localStorage.getItem(name); } catch { return null; } },  // file:// may forbid it
    set(name, value) { try { localStorage.setItem(name, value); } catch { /* then it lasts for this page only */ } },
  };
  const query = () => new URLSearchParams(location.search);
  const all = (selector, within = document) => [...within.querySelectorAll(selector)];
  const one = (selector, within = document) => within.querySelector(selector);

  function make(tag, properties = {}, ...children) {
    const element = document.createElement(tag);
    for (const [name, value] of Object.entries(properties)) {
      if (name in element) element[name] = value; else element.setAttribute(name, value);
    }
    element.append(...children);
    return element;
  }

  function setQuery(values) {
    const next = query();
    for (const [name, value] of Object.entries(values)) {
      if (value) next.set(name, value); else next.delete(name);
    }
    const text = next.toString();
    try {
      history.replaceState(null, "", location.pathname + (text ? `?${text}` : "") + location.hash);
    } catch { /* some browsers forbid it on file:// */ }
  }

  /* --- before the first paint: colours and view ------------------------------------------------------------- */

  const theme = remembered.get("atlas-theme");
  if (theme === "dark" || theme === "light") page.dataset.theme = theme;

  /* Pages of photos and comparisons start with whole pictures, the others with masked ones; `chosen` is what the reader wants instead. */
  const usual = page.dataset.view;
  const wantedView = () => { const value = query().get("view"); return value === "raw" || (value === "masked" && usual === "raw") ? value : ""; };
  let chosen = wantedView();
  page.dataset.view = chosen || usual;

  /* How strongly heat maps cover photos, 0 to 100; the stylesheet's own opacity where nothing was chosen. */
  const wantedHeat = () => { const value = query().get("heat"); return /^\d{1,3}$/.test(value || "") && Number(value) <= 100 ? value : ""; };
  let heat = wantedHeat();
  const showHeat = () => { if (heat) page.style.setProperty("--heat", Number(heat) / 100); else page.style.removeProperty("--heat"); };
  showHeat();

  const isDark = () => (page.dataset.theme || (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light")) === "dark";

  function startTheme() {
    const button = one("[data-theme-switch]");
    const show = () => button.setAttribute("aria-pressed", String(isDark()));
    button.addEventListener("click", () => {
      page.dataset.theme = isDark() ? "light" : "dark";
      remembered.set("atlas-theme", page.dataset.theme);
      show();
    });
    show();
  }

  /* --- raw or masked, for the whole page and along its links ------------------------------------------------ */

  function withView(address) {
    const [before, hash] = address.split("#", 2);
    const [path, search] = before.split("?", 2);
    const values = new URLSearchParams(search || "");
    if (chosen) values.set("view", chosen); else values.delete("view");
    if (heat) values.set("heat", heat); else values.delete("heat");
    const text = values.toString();
    return path + (text ? `?${text}` : "") + (hash === undefined ? "" : `#${hash}`);
  }

  function carryView() {
    for (const link of all("a[href]")) {
      const address = link.getAttribute("href");
      if (/^[a-z]+:|^#/i.test(address) || !/\.html([?#]|$)/.test(address)) continue;
      link.setAttribute("href", withView(address));
    }
  }

  function setView(view) {
    chosen = view;
    page.dataset.view = view || usual;
    setQuery({ view });
    for (const button of all("[data-set-view]")) button.setAttribute("aria-pressed", String(button.dataset.setView === page.dataset.view));
    carryView();
  }

  const choose = (view) => setView(view === "masked" && usual === "masked" ? "" : view);

  function startView() {
    for (const button of all("[data-set-view]")) button.addEventListener("click", () => choose(button.dataset.setView));
    setView(chosen);
  }

  /* --- heat maps: one slider for the whole page, kept in the address as the view is ----------------------------- */

  function startHeat() {
    const slider = one("[data-heat]");
    if (!slider) return;
    const set = (value) => { heat = value; showHeat(); setQuery({ heat }); carryView(); };
    if (heat) slider.value = heat;
    slider.addEventListener("input", () => set(slider.value));
  }

  /* --- data files: scripts, because a page opened from disk may not fetch JSON ------------------------------ */

  const loading = {};
  function load(address, callback) {
    loading[address] ||= new Promise((resolve, reject) => {
      window[callback] = resolve;
      document.head.append(make("script", { src: address, onerror: () => reject(new Error(`cannot load ${address}`)) }));
    });
    return loading[address];
  }

  /* --- search: every word must match the beginning or middle of a name, or nearly its beginning -------------- */

  const fold = (text) => text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();
  const words = (text) => fold(text).split(/[^\p{L}\p{N}.]+/u).filter(Boolean);

  /* Fewest insertions, deletions, replacements and swaps that turn `typed` into a beginning of `word`; at most `most`. */
  function distance(typed, word, most) {
    let older = [], old = Array.from({ length: word.length + 1 }, (_, place) => place);
    for (let i = 1; i <= typed.length; i++) {
      const row = [i];
      let least = i;
      for (let j = 1; j <= word.length; j++) {
        row[j] = Math.min(old[j] + 1, row[j - 1] + 1, old[j - 1] + (typed[i - 1] === word[j - 1] ? 0 : 1));
        if (i > 1 && j > 1 && typed[i - 1] === word[j - 2] && typed[i - 2] === word[j - 1]) row[j] = Math.min(row[j], older[j - 2] + 1);
        least = Math.min(least, row[j]);
      }
      if (least > most) return most + 1;
      older = old; old = row;
    }
    return Math.min(...old);
  }

  /* 0 is the word itself; larger is worse; Infinity is no match. */
  function wordScore(typed, tokens) {
    let best = Infinity;
    const most = typed.length < 4 || WORDNET.test(typed) ? 0 : typed.length < 8 ? 1 : 2;  // an id is meant as it is
    for (const token of tokens) {
      let score = Infinity;
      if (token === typed) score = 0;
      else if (token.startsWith(typed)) score = 1;
      else if (typed.length > 1 && token.includes(typed)) score = 3;
      else if (most) {
        const changes = distance(typed, token, most);
        if (changes <= most) score = 4 + changes;
      }
      best = Math.min(best, score);
    }
    return best;
  }

  const textScore = (typed, tokens) => typed.reduce((sum, word) => sum + wordScore(word, tokens), 0);

  const WORDNET = /^[nvar]\d{8}$/;

  function entriesOf({ models, pages }) {
    const entries = pages.map(([title, kind, address, name]) => ({ title, kind, address, tokens: [title, kind, name].flatMap(words), where: "" }));
    for (const model of models) {
      const where = models.length > 1 ? model.name : "";
      const add = (title, kind, address, names, more) => entries.push({ title, kind, address, ...more, tokens: names.flatMap(words), where });
      const counts = new Map(model.concepts), titles = new Map();
      add(model.name, "model", `${model.folder}/index.html`, [model.name]);
      for (const [index, ...names] of model.classes) {
        titles.set(index, names[0]);
        add(names[0], `class ${index}`, `${model.folder}/c/${index}.html`, [...names, String(index)], { concepts: counts.get(index), folder: `${model.folder}/c/${index}` });
      }
      for (const [name, folder, units] of model.layers) add(name, "layer", `${folder}/index.html`, [name, ...name.split(".")], { layer: { folder, units } });
      for (const [title, kind, address, more = ""] of model.pages) add(title, kind, address, [title, kind, more]);
      for (const [index, number, text, author] of model.labels) add(`“${text}”`, `concept ${number} of ${titles.get(index)}, labelled by ${author}`, `${model.folder}/c/${index}/${number}.html`, [text]);
    }
    return entries;
  }

  /* "concept 3 of espresso", "espresso 3": the number of a concept, and words for its class. */
  function findConcepts(entries, typed) {
    const numbers = typed.filter((word) => /^\d{1,3}$/.test(word)), asked = typed.some((word) => /^concepts?$/.test(word));
    const rest = typed.filter((word) => !/^(concepts?|of|\d{1,3})$/.test(word));
    if (!rest.length || (!asked && !numbers.length)) return [];
    const found = [];
    for (const entry of entries) {
      if (!entry.concepts) continue;
      const score = textScore(rest, entry.tokens);
      if (score === Infinity) continue;
      const wanted = numbers.length ? [Number(numbers[0])] : Array.from({ length: Math.min(3, entry.concepts) }, (_, place) => place + 1);
      for (const number of wanted) {
        if (number < 1 || number > entry.concepts) continue;
        found.push({ ...entry, title: `Concept ${number} of ${entry.title}`, kind: "concept", address: `${entry.folder}/${number}.html`, score: score + (asked ? -1 : 1) + number / 100 });
      }
    }
    return found;
  }

  const holds = (units, index) => units.some((first, place) => place % 2 === 0 && first <= index && index <= units[place + 1]);

  function find(entries, text) {
    const typed = words(text);
    if (!typed.length) return [];
    const found = findConcepts(entries, typed);
    const last = typed[typed.length - 1];
    for (const entry of entries) {
      const score = textScore(typed, entry.tokens);
      if (score < Infinity) found.push({ ...entry, score: score + entry.title.length / 1000 });
      if (entry.layer && /^\d+$/.test(last) && holds(entry.layer.units, Number(last))) {
        const rest = typed.slice(0, -1).filter((word) => !["unit", "channel", "neuron", "layer"].includes(word));
        const near = textScore(rest, entry.tokens);
        if (near < Infinity) found.push({ ...entry, title: `${entry.title} · unit ${Number(last)}`, kind: "unit", address: `${entry.layer.folder}/${Number(last)}.html`, score: near + (rest.length ? -1 : 2) });
      }
    }
    return found.sort((a, b) => a.score - b.score || (a.title < b.title ? -1 : 1)).slice(0, 12);
  }

  const index = () => load(`${root}search.js`, "atlasIndex");

  function startSearch() {
    const input = one("#find"), list = one("#found");
    let entries = null, chosen = -1;
    const close = () => { list.hidden = true; chosen = -1; input.setAttribute("aria-expanded", "false"); input.removeAttribute("aria-activedescendant"); };
    const choose = (place) => {
      const items = all("a", list);
      if (!items.length) return;
      chosen = (place + items.length) % items.length;
      items.forEach((item, at) => item.setAttribute("aria-selected", String(at === chosen)));
      input.setAttribute("aria-activedescendant", items[chosen].id);
      items[chosen].scrollIntoView({ block: "nearest" });
    };
    const show = () => {
      if (!entries || !input.value.trim()) return close();
      const results = find(entries, input.value);
      list.replaceChildren(...results.map((result, place) => make("li", { role: "presentation" },
        make("a", { role: "option", id: `found-${place}`, "aria-selected": "false", href: withView(root + result.address), tabIndex: -1 }, make("span", { dir: "auto" }, result.title), make("small", {}, [result.kind, result.where].filter(Boolean).join(" · "))))));
      if (!results.length) list.append(make("li", { role: "option", "aria-disabled": "true", "aria-selected": "false" }, make("p", {}, "Nothing like that here.")));
      list.hidden = false; chosen = -1; input.removeAttribute("aria-activedescendant");
      input.setAttribute("aria-expanded", "true");
    };
    input.addEventListener("focus", async () => {
      try { entries ||= entriesOf(await index()); show(); } catch { toast("The search index could not be loaded."); }
    });
    input.addEventListener("input", show);
    input.addEventListener("keydown", (event) => {
      if (event.key === "ArrowDown") choose(chosen + 1);
      else if (event.key === "ArrowUp") choose(chosen - 1);
      else if (event.key === "Enter") { const link = all("a", list)[Math.max(0, chosen)]; if (link) location.href = link.href; }
      else if (event.key === "Escape") { if (list.hidden) input.blur(); else close(); }
      else return;
      event.preventDefault();
    });
    document.addEventListener("click", (event) => { if (!event.target.closest(".find")) close(); });
    one(".find").addEventListener("focusout", (event) => { if (event.relatedTarget && !event.currentTarget.contains(event.relatedTarget)) close(); });
  }

  async function random() {
    const pages = [];
    for (const model of (await index()).models) {
      for (const [number] of model.classes) pages.push([1, () => `${model.folder}/c/${number}.html`]);
      for (const [, folder, units] of model.layers) {
        for (let at = 0; at < units.length; at += 2) pages.push([units[at + 1] - units[at] + 1, (offset) => `${folder}/${units[at] + offset}.html`]);
      }
    }
    const total = pages.reduce((sum, [size]) => sum + size, 0);
    const at = (place) => { for (const [size, address] of pages) { if (place < size) return address(place); place -= size; } return "index.html"; };
    const place = Math.floor(Math.random() * total), address = at(place);
    location.href = withView(root + (location.pathname.endsWith(`/${address}`) ? at((place + 1) % total) : address));  // never this page
  }

  /* --- grids: sort and filter over all pages of a layer, state in the address -------------------------------- */

  const SORTS = {
    index: (a, b) => a[0] - b[0],
    name: (a, b) => a[1].localeCompare(b[1]) || a[0] - b[0],
    value: (a, b) => (b[3] ?? -Infinity) - (a[3] ?? -Infinity) || a[0] - b[0],
    selective: (a, b) => (b[10] ?? -Infinity) - (a[10] ?? -Infinity) || a[0] - b[0],
    top: (a, b) => (!a[4]) - (!b[4]) || a[4].localeCompare(b[4]) || a[0] - b[0],
  };

  function shortNumber(value) {
    const size = Math.abs(value);
    if (size >= 1e6 || (size > 0 && size < 1e-3)) return value.toExponential(2).replace("e+", "e").replaceAll("-", "−");
    const digits = size >= 100 ? 0 : size >= 10 ? 1 : size >= 1 ? 2 : 3;
    return value.toLocaleString("en", { minimumFractionDigits: digits, maximumFractionDigits: digits }).replace("-", "−");
  }

  const enlarged = (width) => Math.round(1.5 * width);  // as wide as a picture's pixels bear, in CSS pixels: as in the pages

  function picture(kind, files) {
    const at = (place) => `${root}i/${files[place]}`;
    const sources = [];
    for (let place = 0; place < files.length; place += 2) sources.push(`${at(place)} ${files[place + 1]}w`);
    const width = enlarged(files[files.length - 1]);
    return make("img", { className: kind, loading: "lazy", width, height: width, alt: "", sizes: "auto, 160px", srcset: sources.join(", "), src: at(0) });
  }

  function tile([, title, address, reached, top, status, masked, raw, colour, , selectivity], sort) {
    const frame = make("span", { className: "pic" });
    if (status !== "done") frame.append(make("span", {}, status === "none" ? "not rendered" : status));
    else {
      if (masked.length) frame.append(picture("m", masked));
      frame.append(picture(`${masked.length ? "r " : ""}c${colour}`, raw));
    }
    const value = sort === "selective" ? selectivity : reached;
    const figure = sort === "top" ? top : value === null ? "" : shortNumber(value);
    const caption = make("span", { className: "cap" }, make("span", { className: "name", dir: "auto" }, title), make("span", { className: "num", dir: "auto" }, figure));
    const link = make("a", { className: "tile", href: withView(root + address) }, frame, caption);
    if (status !== "done") link.dataset.none = status;
    return make("li", {}, link);
  }

  /* As the page says it without scripts: "38 rendered · 1 dead". */
  function statusCounts(rows) {
    const count = (status) => rows.filter((row) => row[5] === status).length;
    const parts = [["dead", "dead"], ["failed", "failed"], ["none", "with concepts only"]].filter(([status]) => count(status));
    return [`${count("done").toLocaleString("en")} rendered`, ...parts.map(([status, name]) => `${count(status).toLocaleString("en")} ${name}`)].join(" · ");
  }

  function startGrid() {
    const grid = one("[data-grid]");
    if (!grid) return;
    const size = Number(grid.dataset.size), own = Number(grid.dataset.page), pages = one("[data-pages]"), narrow = one("[data-narrow]"), summary = one("[data-summary]");
    const asRead = { tiles: [...grid.children], pages: pages && [...pages.children], summary: summary.textContent };
    const state = () => ({ sort: query().get("sort") || "index", q: query().get("q") || "", page: Number(query().get("page")) || own });
    let now = state();
    const draw = async (next) => {
      now = next;
      for (const button of all("[data-sort]")) button.setAttribute("aria-pressed", String(button.dataset.sort === now.sort));
      setQuery({ sort: now.sort === "index" ? "" : now.sort, q: now.q, page: now.page === own ? "" : String(now.page) });
      if (now.sort === "index" && !now.q) {
        if (now.page !== own) { location.href = withView(now.page > 1 ? `page-${now.page}.html` : "index.html"); return; }
        grid.ariaBusy = "false";
        grid.replaceChildren(...asRead.tiles);
        if (pages) pages.replaceChildren(...asRead.pages);
        summary.textContent = asRead.summary;
        carryView();
        return;
      }
      grid.ariaBusy = "true";
      let rows;
      try { rows = await load(grid.dataset.grid, "atlasGrid"); } catch { grid.ariaBusy = "false"; return toast("The list could not be loaded."); }
      if (now !== next) return;  // overtaken by a newer wish
      grid.ariaBusy = "false";
      const typed = words(now.q);
      const kept = rows.filter((row) => !typed.length || textScore(typed, words(`${row[1]} ${row[0]} ${row[9]}`)) < Infinity).sort(SORTS[now.sort] || SORTS.index);
      const last = Math.max(1, Math.ceil(kept.length / size)), here = Math.min(now.page, last);
      grid.replaceChildren(...kept.slice((here - 1) * size, here * size).map((row) => tile(row, now.sort)));
      const many = (count) => count.toLocaleString("en");
      const matching = `${kept.length ? many(kept.length) : "None"} of the ${many(rows.length)} listed here match${kept.length === 1 ? "es" : ""}`;
      summary.textContent = `${typed.length ? matching : `${statusCounts(kept)} ${summary.dataset.of}`}${last > 1 ? ` · page ${here} of ${last}` : ""}`;
      if (!pages) return;
      const sorted = { ...(now.sort === "index" ? {} : { sort: now.sort }), ...(now.q ? { q: now.q } : {}) };
      pages.replaceChildren(...pageLinks(here, last, sorted, (place) => { draw({ ...now, page: place }); grid.scrollIntoView(); }));
    };
    for (const button of all("[data-sort]")) button.addEventListener("click", () => draw({ ...now, sort: button.dataset.sort }));
    if (narrow) {
      narrow.value = now.q;
      narrow.addEventListener("input", () => draw({ ...now, q: narrow.value.trim(), page: narrow.value.trim() ? 1 : own }));
    }
    /* Until the rows are there the pager is still the page's own, which knows nothing of the order: a click means the page of the wished list. */
    if (pages) pages.addEventListener("click", (event) => {
      const link = event.target.closest("a");
      if (!link || grid.ariaBusy !== "true") return;
      event.preventDefault(); event.stopPropagation();
      draw({ ...now, page: Number(link.textContent) });
    }, true);
    if (now.sort !== "index" || now.q) draw(now);
  }

  /* --- tables of results: any column sorts the lines, the best first, then the other way ----------------------- */

  function startTables() {
    for (const table of all("[data-sortable]")) {
      const [body] = table.tBodies, heads = [...[...table.tHead.rows].at(-1).cells];
      for (const [place, head] of heads.entries()) {
        const text = head.firstChild, button = make("button", { type: "button", title: "Sort by this column" });
        text.replaceWith(button);
        button.append(text);
        button.addEventListener("click", () => {
          const of = (row) => row.cells[place].dataset.value ?? row.cells[place].textContent;
          const numbers = [...body.rows].some((row) => "value" in row.cells[place].dataset);
          const first = numbers && head.dataset.better !== "lower" ? "descending" : "ascending";
          const way = head.ariaSort === first ? (first === "ascending" ? "descending" : "ascending") : first;
          const order = (a, b) => (numbers ? Number(of(a)) - Number(of(b)) : of(a).localeCompare(of(b)));
          const empty = (row) => numbers && !("value" in row.cells[place].dataset);
          for (const other of heads) other.removeAttribute("aria-sort");
          head.ariaSort = way;
          body.append(...[...body.rows].sort((a, b) => empty(a) - empty(b) || (empty(a) ? 0 : order(a, b) * (way === "ascending" ? 1 : -1))));
        });
      }
    }
  }

  /* --- comparisons of any two to four columns, which stay in the address --------------------------------------- */

  function comparedCell(entry, words) {
    if (!entry) return make("td", {}, make("span", { className: "lost" }, "not rendered"));
    const [, address, status, masked, raw, colour, text] = entry;
    const link = tile([0, "", address, null, "", status, masked, raw, colour], "index");
    const frame = one("a", link);
    one(".cap", frame).remove();
    for (const image of all("img", frame)) image.alt = words;
    return make("td", {}, frame, make("p", { className: "num" }, text));
  }

  function pageLinks(here, last, query, go) {
    const shown = [...new Set([1, here - 2, here - 1, here, here + 1, here + 2, last])].filter((place) => place >= 1 && place <= last).sort((a, b) => a - b);
    return shown.flatMap((place, at) => {
      const gap = at && place - shown[at - 1] > 1 ? [make("span", { className: "gap" }, "…")] : [];
      const link = make("a", { href: `?${new URLSearchParams({ ...query, page: place, ...(chosen ? { view: chosen } : {}), ...(heat ? { heat } : {}) })}` }, String(place));
      if (place === here) link.setAttribute("aria-current", "page"); else if (Math.abs(place - here) === 1) link.rel = place < here ? "prev" : "next";
      link.addEventListener("click", (event) => { event.preventDefault(); go(place); });
      return [...gap, link];
    });
  }

  function startCompare() {
    const chooser = one("[data-compare]");
    if (!chooser) return;
    const boxes = all("input", chooser), status = one("[data-chosen]"), place = one("[data-chosen-rows]"), pages = one("[data-chosen-pages]");
    const folder = chooser.dataset.compare.replace(/columns\.js$/, "");
    let turn = 0;
    const draw = async (number) => {
      const mine = ++turn, picked = boxes.filter((box) => box.checked), keys = picked.map((box) => box.value);
      for (const box of boxes) box.disabled = !box.checked && picked.length >= 4;
      setQuery({ show: keys.join(","), page: number > 1 ? String(number) : "" });
      place.replaceChildren(); pages.hidden = true;
      if (picked.length < 2) { status.textContent = picked.length ? "One more." : "Tick what you want to see side by side."; return; }
      const titles = await load(chooser.dataset.compare, "atlasColumns"), columns = [];
      for (const key of keys) columns.push(new Map((await load(`${folder}${key}.js`, "atlasColumn")).map((entry) => [entry[0], entry])));
      if (mine !== turn) return;  // overtaken by a newer wish
      const count = (row) => columns.filter((column) => column.get(row)?.[2] === "done").length;
      const rows = titles.map((_, row) => row).filter((row) => columns.some((column) => column.has(row))).sort((a, b) => count(b) - count(a) || a - b);
      const complete = rows.filter((row) => count(row) === keys.length).length;
      const size = Math.floor(36 / keys.length), last = Math.max(1, Math.ceil(rows.length / size)), here = Math.min(number, last);
      status.textContent = `${rows.length.toLocaleString("en")} classes${complete < rows.length ? `; the ${complete.toLocaleString("en")} with a picture in every column come first` : ""}${last > 1 ? ` · page ${here} of ${last}` : ""}`;
      place.replaceChildren(make("table", { className: `compare n${keys.length}` },
        make("thead", {}, make("tr", {}, make("th", { scope: "col" }, "class"), ...picked.map((box) => make("th", { scope: "col" }, make("bdi", {}, box.dataset.title))))),
        make("tbody", {}, ...rows.slice((here - 1) * size, here * size).map((row) => make("tr", {}, make("th", { scope: "row" }, make("bdi", {}, titles[row])), ...columns.map((column, at) => comparedCell(column.get(row), `${titles[row]}, ${picked[at].dataset.title}`)))))));
      pages.hidden = last < 2;
      pages.replaceChildren(...pageLinks(here, last, { show: keys.join(",") }, (next) => { draw(next); chooser.scrollIntoView(); }));
    };
    const wanted = (query().get("show") || "").split(",");
    for (const box of boxes) {
      box.checked = wanted.includes(box.value) && boxes.filter((other) => other.checked).length < 4;
      box.addEventListener("change", () => draw(1));
    }
    draw(Number(query().get("page")) || 1).catch(() => toast("The comparison could not be loaded."));
  }

  /* --- lightbox ---------------------------------------------------------------------------------------------- */

  function startLightbox() {
    const links = all("a.zoom");
    if (!links.length) return;
    const image = make("img", { alt: "", onload: () => { image.width = image.height = enlarged(image.naturalWidth); } }), title = make("p", { dir: "auto" });
    const button = (text, label, action) => make("button", { type: "button", className: "chip", "aria-label": label, onclick: action }, text);
    let here = 0, whole = false;
    const show = (place, uncropped = whole) => {
      here = (place + links.length) % links.length; whole = uncropped;
      const link = links[here], masked = link.dataset.masked;
      image.src = masked && !whole ? masked : link.getAttribute("href");
      image.alt = one("img", link).alt;
      title.textContent = link.dataset.title;
      toggle.hidden = !masked;
      toggle.textContent = whole ? "Masked" : "Whole picture";
      toggle.setAttribute("aria-label", whole ? "Show the masked picture" : "Show the whole picture");
    };
    const toggle = button("", "", () => show(here, !whole));
    const more = links.length > 1;
    const dialog = make("dialog", { className: "lightbox", "aria-label": "Picture" },
      make("div", { className: "lightbox-bar" }, title, button("Close", "Close", () => dialog.close())),
      make("span", { className: "lightbox-frame" }, image),
      make("div", { className: "lightbox-bar" },
        ...(more ? [button("←", "Previous picture", () => show(here - 1)), button("→", "Next picture", () => show(here + 1))] : []),
        toggle, button("Recipe", "Go to this picture's recipe", () => { dialog.close(); toRecipe(links[here].dataset.recipe); })));
    dialog.addEventListener("keydown", (event) => {
      if (event.key === "ArrowLeft") show(here - 1);
      else if (event.key === "ArrowRight") show(here + 1);
      else if (event.key === "v" && usesKeys()) show(here, !whole);
      else return;
      event.preventDefault(); event.stopPropagation();
    });
    dialog.addEventListener("click", (event) => { if (event.target === dialog) dialog.close(); });
    document.body.append(dialog);
    links.forEach((link, place) => link.addEventListener("click", (event) => {
      if (event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
      event.preventDefault();
      show(place, page.dataset.view === "raw");
      dialog.showModal();
    }));
    for (const link of all("a.whole")) link.addEventListener("click", (event) => {
      if (event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
      event.preventDefault();
      show(0, true);
      dialog.showModal();
    });
  }

  function toRecipe(name) {
    const recipe = document.getElementById(name);
    if (!recipe) return;
    for (const other of all(".lit")) other.classList.remove("lit");
    recipe.classList.add("lit");
    const details = one("details", recipe) || recipe.closest("details");  // or its row in the table of a strip
    details.open = true;
    recipe.scrollIntoView({ block: "center" });
    one("summary", details).focus({ preventScroll: true });
  }

  /* --- copying ----------------------------------------------------------------------------------------------- */

  let note = null;
  function toast(text) {
    note.textContent = text;
    clearTimeout(toast.timer);
    toast.timer = setTimeout(() => { note.textContent = ""; }, 2500);
  }

  async function copy(text) {
    try {
      await navigator.clipboard.writeText(text);
    } catch {
      const area = make("textarea", { value: text, className: "away" });
      document.body.append(area);
      area.select();
      const done = document.execCommand("copy");
      area.remove();
      if (!done) return toast("Your browser does not let this page copy.");
    }
    toast("Copied.");
  }

  /* The reader's own day, as BibTeX writes the date of access. */
  function today() {
    const now = new Date(), two = (value) => String(value).padStart(2, "0");
    return `${now.getFullYear()}-${two(now.getMonth() + 1)}-${two(now.getDate())}`;
  }

  function startCopy() {
    note = make("div", { className: "toast", role: "status" });
    document.body.append(note);
    const canonical = one("link[rel=canonical]");
    for (const button of all("[data-copy-link]")) button.addEventListener("click", () => copy(canonical ? canonical.href : location.href));
    for (const entry of all("[data-bibtex]")) entry.textContent = entry.textContent.replace(/(urldate = \{)[^}]*/, `$1${today()}`);
    for (const button of all("[data-copy-bibtex]")) button.addEventListener("click", () => copy(one("[data-bibtex]").textContent));
    for (const button of all("[data-copy]")) button.addEventListener("click", () => copy(button.dataset.copy));
  }

  /* --- keyboard ---------------------------------------------------------------------------------------------- */

  /* WCAG 2.1.4: whoever speaks to the computer, or hits keys by accident, can switch them off; it is remembered. */
  let keysChosen = "";
  const usesKeys = () => (remembered.get("atlas-keys") || keysChosen) !== "off";

  function startKeys() {
    const keys = [["/", "search"], ["← →", "previous and next"], ["v", "masked or raw"], ["r", "a random picture"], ["?", "this help"], ["Esc", "close"]];
    const single = make("input", { type: "checkbox", id: "help-keys", checked: usesKeys(), onchange: () => { keysChosen = single.checked ? "on" : "off"; remembered.set("atlas-keys", keysChosen); } });
    const help = make("dialog", { className: "help", "aria-labelledby": "help-title" }, make("h2", { id: "help-title" }, "Keyboard"),
      make("dl", {}, ...keys.flatMap(([key, meaning]) => [make("dt", {}, make("kbd", {}, key)), make("dd", {}, meaning)])),
      make("label", { className: "help-switch", htmlFor: "help-keys" }, single, " Use these keys; Esc works always"),
      make("button", { type: "button", className: "chip", onclick: () => help.close() }, "Close"));
    document.body.append(help);
    for (const button of all("[data-help]")) button.addEventListener("click", () => help.showModal());
    for (const button of all("[data-random]")) button.addEventListener("click", random);
    for (const button of all("[data-find]")) button.addEventListener("click", () => one("#find").focus());
    const follow = (rel) => one(`a[rel=${rel}]`)?.click();
    const actions = {
      "/": () => one("#find").focus(), "?": () => help.showModal(), r: random,
      v: () => choose(page.dataset.view === "raw" ? "masked" : "raw"),
      ArrowLeft: () => follow("prev"), ArrowRight: () => follow("next"),
    };
    document.addEventListener("keydown", (event) => {
      const typing = event.target.closest?.("input:not([type=checkbox]), textarea, select, [contenteditable], .bib pre, .small-strip");
      if (event.ctrlKey || event.metaKey || event.altKey || typing || !usesKeys() || one("dialog[open]") || !Object.hasOwn(actions, event.key)) return;
      event.preventDefault();
      actions[event.key]();
    });
  }

  /* A map zooms and scrolls by itself; scripts keep its middle where it is, and let a mouse drag it. */
  function startMaps() {
    for (const view of all(".map-view")) {
      let middle = [0.5, 0.5], from = null;
      const note = () => { middle = [(view.scrollLeft + view.clientWidth / 2) / view.scrollWidth, (view.scrollTop + view.clientHeight / 2) / view.scrollHeight]; };
      view.addEventListener("scroll", note);
      view.parentElement.addEventListener("change", () => {
        const [x, y] = middle;
        view.scrollTo(x * view.scrollWidth - view.clientWidth / 2, y * view.scrollHeight - view.clientHeight / 2);
      });
      view.addEventListener("dragstart", (event) => event.preventDefault());
      view.addEventListener("pointerdown", (event) => { from = event.pointerType === "mouse" && event.button === 0 ? [event.clientX + view.scrollLeft, event.clientY + view.scrollTop] : null; });
      addEventListener("pointermove", (event) => {
        if (!from || !(event.buttons & 1)) return;
        const to = [from[0] - event.clientX, from[1] - event.clientY];
        if (Math.hypot(to[0] - view.scrollLeft, to[1] - view.scrollTop) > 4) view.classList.add("dragged");
        if (view.classList.contains("dragged")) view.scrollTo(...to);
      });
      view.addEventListener("click", (event) => { if (view.classList.contains("dragged")) event.preventDefault(); }, true);
      addEventListener("click", () => { from = null; view.classList.remove("dragged"); });
    }
  }

  /* A strip that is wider than the screen begins where the reader is. */
  function startStrip() {
    const here = one(".small-strip .here");
    if (here) here.closest(".small-strip").scrollLeft = here.offsetLeft - innerWidth / 2;
  }

  document.addEventListener("DOMContentLoaded", () => {
    startStrip(); startMaps(); startCopy(); startTheme(); startView(); startHeat(); startSearch(); startGrid(); startTables(); startCompare(); startLightbox(); startKeys();
  });
  window.addEventListener("pageshow", (event) => { if (!event.persisted) return; heat = wantedHeat(); showHeat(); setView(wantedView()); });
})();
