/* The study's page: consent, examples, questions, and the answers kept in this browser until they are saved or posted.
   No libraries; the data is in tasks.js, which hands it over. */
"use strict";
window.atlasStudy = (data) => {
  const page = document.documentElement;
  const one = (id) => document.getElementById(id);
  const stored = {  // opened from disk, a browser may keep nothing: then answers last as long as the page
    get(name) { try { return localStorage.getItem(name); } catch { return null; } },
    set(name, value) { try { localStorage.setItem(name, value); } catch { /* see above */ } },
    remove(name) { try { localStorage.removeItem(name); } catch { /* see above */ } },
  };

  function make(tag, properties = {}, ...children) {
    const element = document.createElement(tag);
    for (const [name, value] of Object.entries(properties)) {
      if (name in element) element[name] = value; else element.setAttribute(name, value);
    }
    element.append(...children);
    return element;
  }

  /* --- light or dark, as on the atlas's other pages ----------------------------------------------------------- */

  const chosen = stored.get("atlas-theme");
  if (chosen === "dark" || chosen === "light") page.dataset.theme = chosen;
  const isDark = () => (page.dataset.theme || (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light")) === "dark";
  const theme = one("theme");
  const showTheme = () => theme.setAttribute("aria-pressed", String(isDark()));
  theme.addEventListener("click", () => {
    page.dataset.theme = isDark() ? "light" : "dark";
    stored.set("atlas-theme", page.dataset.theme);
    showTheme();
  });
  theme.hidden = false;
  showTheme();

  /* --- who it is: the number that the link gives, or one that is drawn -------------------------------------------- */

  const DRAWN = 1e6;  // drawn numbers begin here, so that none is one that a link gives
  const given = /^\d{1,6}$/.exec(new URLSearchParams(location.search).get("person") || "");
  const draw = () => DRAWN + crypto.getRandomValues(new Uint32Array(1))[0];
  const place = `atlas-study-${data.study.slice(0, 16)}${given ? `-${Number(given[0])}` : ""}`;
  const fresh = () => ({ person: given ? Number(given[0]) : draw(), consent: false, started: "", finished: "", examples: 0, sent: false, answers: [] });

  function restored() {
    try {
      const found = JSON.parse(stored.get(place));
      const sheet = data.sheets[found.person % data.sheets.length];
      return found.consent === true && found.answers.every(({ trial }, number) => trial === sheet[number]) ? found : fresh();
    } catch {
      return fresh();
    }
  }

  const state = restored();
  const keep = () => stored.set(place, JSON.stringify(state));
  const sheet = data.sheets[state.person % data.sheets.length];

  /* --- examples: shapes that everyone knows, so that nothing of the study is given away ----------------------------- */

  const SHAPES = {
    circle: "M50 12a38 38 0 1 0 .01 0z", square: "M16 16h68v68h-68z", triangle: "M50 12l42 74h-84z",
    cross: "M38 10h24v28h28v24h-28v28h-24v-28h-28v-24h28z",
  };
  const kinds = new Set(sheet.map((id) => data.trials[id][0]));
  const examples = [
    ...(kinds.has("description") ? [["description", "", ["triangle"]]] : []),
    ...(kinds.has("word") || kinds.has("photos") ? [["word", "circle", ["square", "circle", "cross", "triangle"]]] : []),
    ...(kinds.has("rating") ? [["rating", "circle", ["square"]]] : []),
  ];
  const ADVICE = {
    description: (answer) => `This is how it works: you wrote "${answer || "nothing"}"; "triangle" would be a good word. One word is enough, and the first that comes to mind is best.`,
    word: (answer) => (answer === "circle" ? "Right, that is the circle." : "That was not the circle, but it was only an example.") + " In the study it may be hard to tell: choose the one that fits best.",
    rating: (answer) => `You chose ${answer}. A square does not show a circle, so a low number would be good.`,
  };

  /* --- pictures ------------------------------------------------------------------------------------------------- */

  function drawing(name) {
    const space = "http://www.w3.org/2000/svg";
    const image = document.createElementNS(space, "svg"), path = document.createElementNS(space, "path");
    image.setAttribute("viewBox", "0 0 100 100");
    image.setAttribute("aria-hidden", "true");
    path.setAttribute("d", SHAPES[name]);
    path.setAttribute("fill", "currentColor");
    image.append(path);
    return image;
  }

  const SIZES = "(min-width: 40rem) 420px, 92vw";

  function picture(id, words) {
    if (id in SHAPES) return drawing(id);
    const files = data.pictures[id], sources = [];
    for (let place = 0; place < files.length; place += 2) sources.push(`../i/${files[place]} ${files[place + 1]}w`);
    return make("img", { alt: words, sizes: SIZES, srcset: sources.join(", "), src: `../i/${files[0]}`, width: files[1], height: files[1], decoding: "async" });
  }

  function photos(id) {
    const found = data.photos[id], scale = 100 / (1 - 2 * data.hidden);
    const cells = found.credits.map((_, number) => {
      const image = make("img", { alt: `Photo ${number + 1}`, src: `../i/${found.path}`, width: found.size[0], height: found.size[1] });
      image.style.width = `${found.columns * scale}%`;
      image.style.left = `${-(number % found.columns + data.hidden) * scale}%`;
      image.style.top = `${-(Math.floor(number / found.columns) + data.hidden) * scale}%`;
      return make("li", {}, image);
    });
    const owed = found.credits.map(([, author, licence, source], number) => {
      const words = `Photo ${number + 1}: ${author || "author not stated"}, ${licence || "licence not stated"}`;
      return make("li", {}, /^https?:\/\//.test(source) ? link(source, words) : words);
    });
    return [make("ol", { className: "photos" }, ...cells), make("details", {}, make("summary", {}, "Whose photos these are"), make("ul", {}, ...owed))];
  }

  const link = (href, words) => make("a", { href, target: "_blank", rel: "noopener noreferrer" }, words);

  /* --- questions ------------------------------------------------------------------------------------------------- */

  const count = (id) => data.photos[id].credits.length;
  const these = (id) => (count(id) === 9 ? "these nine photos" : count(id) === 1 ? "this photo" : "these photos");
  const WORDS = {
    description: () => "Which single word describes this picture best?",
    word: (word) => `Which of these pictures belongs to the word “${word}”?`,
    photos: (id) => `Which of these pictures belongs to ${these(id)}?`,
    rating: (word) => `How well does this picture show “${word}”?`,
    catch: (number) => `This question checks that questions are read. Whatever the picture shows, choose ${number}.`,
  };

  function choices(options) {
    const labels = options.map((id, number) => make(
      "label", {}, picture(id, ""),
      make("span", {}, make("input", { type: "radio", name: "answer", value: id, required: true }), `Picture ${number + 1}`),
    ));
    return make("div", { className: options.length === 4 ? "choices four" : "choices" }, ...labels);
  }

  function scale(kind) {
    const labels = [1, 2, 3, 4, 5].map((value) => {
      const words = kind === "catch" ? "" : { 1: "not at all", 5: "very well" }[value] || "";
      return make("label", {}, make("input", { type: "radio", name: "answer", value, required: true }), `${value} `, make("small", {}, words));
    });
    return make("div", { className: "scale" }, ...labels);
  }

  function fields(kind, options) {
    if (kind === "word" || kind === "photos") return [choices(options)];
    const shown = make("div", { className: "single" }, picture(options[0], "The picture in question"));
    if (kind !== "description") return [shown, scale(kind)];
    const typed = make("input", { type: "text", name: "answer", id: "typed", maxLength: 40, autocomplete: "off", spellcheck: false, autocapitalize: "off", required: true });
    return [shown, make("p", {}, make("label", { htmlFor: "typed" }, "Your word"), make("br"), typed)];
  }

  /* Shows one question; `done` is told the answer: a picture's id, a number, or a word, which is empty for "I cannot tell". */
  function ask([kind, about, options], heading, progress, done) {
    const question = make("h2", { id: "question", tabIndex: -1 }, WORDS[kind](about));
    const message = make("p", { className: "message", role: "alert" });
    const form = make(
      "form", { noValidate: true }, ...(kind === "photos" ? photos(about) : []),
      make("fieldset", {}, make("legend", { className: "away" }, question.textContent), ...fields(kind, options)),
      message,
      make("p", { className: "actions" }, make("button", { type: "submit", className: "main" }, "Next"),
        ...(kind === "description" ? [make("button", { type: "button", id: "cannot" }, "I cannot tell")] : [])),
    );
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      const value = (new FormData(form).get("answer") || "").trim();
      if (!value) { message.textContent = kind === "description" ? "Write a word, or choose “I cannot tell”." : "Choose one first."; return; }
      done(kind === "rating" || kind === "catch" ? Number(value) : value);
    });
    form.querySelector("#cannot")?.addEventListener("click", () => done(""));
    one("task").onkeydown = (event) => {  // digits choose, also while the heading has the focus
      const radio = form.querySelectorAll("input[type=radio]")[Number(event.key) - 1];
      if (radio && !event.ctrlKey && !event.altKey && !event.metaKey) { radio.checked = true; radio.focus(); }
      else if (event.key === "Enter" && event.target.type === "radio") { event.preventDefault(); form.requestSubmit(); }
    };
    show("task", progress(heading), question, form);
    question.focus();
    scrollTo(0, 0);
  }

  function show(name, ...children) {
    for (const id of ["welcome", "task", "end"]) one(id).hidden = id !== name;
    if (name !== "welcome") one(name).replaceChildren(...children);
  }

  const bar = (value) => (words) => make(
    "div", { className: "progress" }, make("span", {}, words), make("progress", { max: sheet.length, value, "aria-label": "Progress" }));

  function example() {
    const asked = examples[state.examples];
    ask(asked, `Example ${state.examples + 1} of ${examples.length}`, bar(0), (answer) => {
      one("task").onkeydown = null;
      const next = make("button", { type: "button", className: "main" }, "Go on");
      const heading = make("h2", { id: "question", tabIndex: -1 }, "That was an example");
      next.addEventListener("click", () => { state.examples += 1; keep(); go(); });
      show("task", heading, make("p", {}, ADVICE[asked[0]](answer)), next);
      heading.focus();
    });
  }

  function question() {
    const number = state.answers.length, trial = sheet[number], began = performance.now();
    ask(data.trials[trial], `Question ${number + 1} of ${sheet.length}`, bar(number), (answer) => {
      state.answers.push({ trial, answer, seconds: Math.round((performance.now() - began) / 100) / 10 });
      if (state.answers.length === sheet.length) state.finished = new Date().toISOString();
      keep();
      go();
    });
    for (const id of data.trials[sheet[number + 1]]?.[2] || []) picture(id, "");  // fetched while this one is answered
  }

  /* --- the end: the answers leave this browser, as a file or to the owner's address -------------------------------- */

  const answers = () => JSON.stringify({
    schema: "atlas-answers", schema_version: 1, study: data.study, person: state.person, consent: true,
    started: state.started, finished: state.finished, answers: state.answers,
  }, null, 1);

  function save() {
    const address = URL.createObjectURL(new Blob([answers()], { type: "application/json" }));
    const anchor = make("a", { href: address, download: `answers-${data.study.slice(0, 8)}-${state.person}.json`, hidden: true });
    document.body.append(anchor);
    anchor.click();
    anchor.remove();
    setTimeout(() => URL.revokeObjectURL(address), 60_000);
  }

  /* As text, which browsers post to another host without asking it first; it must allow all the same that its answer is read. */
  async function send() {
    const answer = await fetch(data.post, { method: "POST", headers: { "Content-Type": "text/plain;charset=UTF-8" }, body: answers(), credentials: "omit" });
    if (!answer.ok) throw new Error(`${answer.status}`);
  }

  function end() {
    const heading = make("h2", { id: "thanks", tabIndex: -1 }, "Thank you");
    const told = make("p", { role: "status" });
    const saving = make("button", { type: "button", className: data.post ? "" : "main" }, "Save your answers");
    const actions = make("p", { className: "actions" }, saving);
    saving.addEventListener("click", save);
    show("end", heading, told, actions, ...credits(), ...another());
    heading.focus();
    if (!data.post) { told.textContent = "All questions are answered. Save your answers as a file, and give it to those who asked you."; return; }
    const again = make("button", { type: "button", className: "main", hidden: true }, "Try again");
    actions.prepend(again);
    const posting = async () => {
      again.hidden = true;
      told.textContent = "Your answers are being sent …";
      try {
        if (!state.sent) await send();
        state.sent = true;
        keep();
        told.textContent = "Your answers were sent. You may close this page.";
      } catch {
        again.hidden = false;
        told.textContent = "Your answers could not be sent. Try again, or save them as a file and give it to those who asked you.";
      }
    };
    again.addEventListener("click", posting);
    posting();
  }

  /* In full, with names, which may say what a photo shows: only when all is answered. */
  function credits() {
    const used = [...new Set(sheet.map((id) => data.trials[id]).filter(([kind]) => kind === "photos").map(([, id]) => id))];
    const seen = new Map(used.flatMap((id) => data.photos[id].credits).map((credit) => [credit.join(), credit]));
    if (!seen.size) return [];
    const entries = [...seen.values()].map(([name, author, licence, , address]) => {
      const words = `${name}, ${author || "author not stated"}, ${licence || "licence not stated"}`;
      return make("li", { dir: "auto" }, address ? link(address, words) : words);
    });
    return [make("details", {}, make("summary", {}, "The photos that you saw"), make("ul", {}, ...entries))];
  }

  function another() {
    if (given) return [];
    const button = make("button", { type: "button", id: "another" }, "Begin anew for another person");
    button.addEventListener("click", () => { stored.remove(place); location.reload(); });
    return [make("p", {}, button)];
  }

  function go() {
    if (!state.consent) { show("welcome"); one("consent").hidden = false; }
    else if (state.answers.length >= sheet.length) end();
    else if (state.answers.length === 0 && state.examples < examples.length) example();
    else question();
  }

  one("consent").addEventListener("submit", (event) => {
    event.preventDefault();
    if (!one("agree").checked) return;
    Object.assign(state, { consent: true, started: new Date().toISOString() });
    keep();
    go();
  });
  go();
};
