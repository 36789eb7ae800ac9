/* Leads home from 404.html at any depth: the atlas is in the deepest folder above this address that has its manifest. */
"use strict";
(async () => {
  const parts = location.pathname.split("/");
  if (!location.protocol.startsWith("http")) return;
  while (parts.pop() !== undefined && parts.length) {
    const root = `${parts.join("/")}/`;
    try {
      const answer = await fetch(`${root}manifest.json`);
      if (!answer.ok || (await answer.json()).schema !== "atlas-manifest") continue;
      for (const link of document.querySelectorAll("a")) link.href = `${root}index.html`;
      return;
    } catch { /* no manifest here, or something else of that name: go on upwards */ }
  }
})();
