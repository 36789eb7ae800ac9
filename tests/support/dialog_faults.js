/* Which controls of an open dialog cannot be used: outside of it or of the window, or covered. */
(dialog) => {
  const frame = dialog.getBoundingClientRect(), found = [];
  if (frame.left < 0 || frame.top < 0 || frame.right > innerWidth || frame.bottom > innerHeight) found.push(`dialog at ${frame.left} ${frame.top} ${frame.right} ${frame.bottom}`);
  for (const control of dialog.querySelectorAll("button, a, input")) {
    if (!control.checkVisibility()) continue;
    control.scrollIntoView({ block: "nearest" });
    const box = control.getBoundingClientRect(), words = control.getAttribute("aria-label") || control.textContent;
    const top = document.elementFromPoint((box.left + box.right) / 2, (box.top + box.bottom) / 2);
    if (box.left < frame.left || box.right > frame.right || box.top < frame.top || box.bottom > frame.bottom) found.push(`${words} is outside`);
    else if (!top || !control.contains(top)) found.push(`${words} is covered`);
  }
  return found;
}
