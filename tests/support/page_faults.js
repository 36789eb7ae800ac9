/* What is wrong with a page as it is shown now: one line for each fault. Evaluated in the page by page_faults.py. */
async ([sharpness, target]) => {
  const found = [], all = (selector) => [...document.querySelectorAll(selector)];
  const name = (element) => {
    const where = element.closest("[class]");
    return `${element.tagName.toLowerCase()} in .${where ? where.getAttribute("class") : ""}`;
  };
  const seen = (element) => element.checkVisibility({ visibilityProperty: true, opacityProperty: true });
  const fault = (what, element, more = "") => found.push(`${what}: ${name(element)} ${more}`.trim());

  // width: nothing makes the page wider than the window
  if (document.documentElement.scrollWidth > innerWidth) found.push(`page is ${document.documentElement.scrollWidth} wide`);

  // sharpness: the file that the browser chose, and how large it is drawn
  const natural = new Map();
  for (const image of all("img")) image.loading = "eager";
  await Promise.all(all("img").filter(seen).map((image) => image.decode()));
  for (const image of all("img").filter(seen)) {
    if (image.currentSrc.endsWith(".svg")) continue;
    if (!natural.has(image.currentSrc)) {
      const file = new Image();
      file.src = image.currentSrc;
      await file.decode();
      natural.set(image.currentSrc, file.naturalWidth);
    }
    const width = image.getBoundingClientRect().width;
    if (width < 1) fault("not shown", image);
    const most = image.closest(".hero") ? 1 : sharpness;  // what leads a page is shown no larger than it is
    if (width > most * natural.get(image.currentSrc) + 1) fault("blurred", image, `${natural.get(image.currentSrc)} as ${width}`);
  }

  // words: every picture, link and control says what it is
  const words = (element) => {
    const named = element.getAttribute("aria-label") || (element.getAttribute("aria-labelledby") || "").split(" ").map((id) => document.getElementById(id)?.textContent || "").join(" ");
    const labels = [...(element.labels || [])].map((label) => label.textContent).join(" ");
    const pictures = [...element.querySelectorAll("img")].filter(seen).map((image) => image.alt).join(" ");
    return `${named} ${labels} ${pictures} ${element.textContent}`.trim();
  };
  for (const image of all("img")) if (!image.hasAttribute("alt")) fault("no alt", image);
  for (const element of all("a[href], button, input, summary, [role=img]").filter(seen)) if (!words(element)) fault("says nothing", element);
  const levels = all("h1, h2, h3, h4, h5, h6").filter(seen).map((heading) => Number(heading.tagName[1]));
  if (levels[0] !== 1 || levels.some((level, at) => at && level - levels[at - 1] > 1)) found.push(`headings ${levels}`);

  // the header: one row, and nothing lies over its controls
  scrollTo(0, 0);
  const header = document.querySelector("header.top");
  const controls = [...header.querySelectorAll("a, button, input")].filter((it) => seen(it) && it.getBoundingClientRect().width > 1);
  for (const control of controls) {
    const box = control.getBoundingClientRect();
    if (box.left < 0 || box.right > innerWidth) fault("outside the window", control);
    const top = document.elementFromPoint((box.left + box.right) / 2, (box.top + box.bottom) / 2);
    if (!top || !(control.contains(top) || top.closest("label")?.control === control)) fault("covered", control, top && name(top));
  }
  if (innerWidth >= 390) {
    const middles = controls.map((it) => it.getBoundingClientRect()).map((box) => (box.top + box.bottom) / 2);
    if (Math.max(...middles) - Math.min(...middles) > 8) found.push(`header rows at ${middles}`);
  }

  // sort buttons and the like keep their words whole
  for (const button of all(".segments button, .chip, .pages a").filter(seen)) {
    for (const word of button.textContent.trim().split(/\s+/).filter((it) => it.length > 1)) {
      const range = document.createRange(), text = [...button.childNodes].find((it) => it.nodeType === 3 && it.data.includes(word));
      if (!text) continue;
      range.setStart(text, text.data.indexOf(word));
      range.setEnd(text, text.data.indexOf(word) + word.length);
      if (range.getClientRects().length > 1) fault("broken word", button, word);
    }
  }

  // the importance bar: a segment shows its number whole, or not at all
  for (const text of all(".importance-bar text").filter(seen)) {
    if (text.getBoundingClientRect().right > text.previousElementSibling.getBoundingClientRect().right) fault("cut", text, text.textContent);
  }

  // phones: targets large enough for a thumb; links within a text are not meant
  if (innerWidth <= 480) {
    for (const element of all("header.top a, header.top button, header.top input, .segments button, .chip, .pages a, .crumbs a, .pager a, .tile, .card h3 a, summary, input:not([type=range]):not([type=checkbox])").filter(seen)) {
      const box = element.getBoundingClientRect();
      if (box.width > 1 && box.height < target - .5) fault("small target", element, `${box.width} x ${box.height}`);
    }
  }

  // contrast: 4.5, or 3 for large text, by the colours that were computed
  const channels = (colour) => colour.match(/[\d.]+/g).map(Number);
  const light = ([r, g, b]) => [r, g, b].map((it) => it / 255).map((it) => (it <= .04045 ? it / 12.92 : ((it + .055) / 1.055) ** 2.4)).reduce((sum, it, at) => sum + it * [.2126, .7152, .0722][at], 0);
  for (const element of all("body *").filter(seen)) {
    if (element.closest("svg, .card-pictures") || ![...element.childNodes].some((it) => it.nodeType === 3 && it.data.trim())) continue;
    let under = element;
    while (under && (channels(getComputedStyle(under).backgroundColor)[3] ?? 1) < 1) under = under.parentElement;
    const style = getComputedStyle(element), size = parseFloat(style.fontSize);
    const [a, b] = [style.color, getComputedStyle(under || document.body).backgroundColor].map((it) => light(channels(it))).sort((x, y) => y - x);
    const least = size >= 24 || (size >= 18.66 && style.fontWeight >= 700) ? 3 : 4.5;
    if ((a + .05) / (b + .05) < least) fault("faint", element, element.textContent.trim().slice(0, 30));
  }
  return [...new Set(found)];
}
