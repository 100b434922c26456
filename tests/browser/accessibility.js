// What of a page is hard to read or to operate, in one list of plain sentences; empty is good.
() => {
  const found = [];
  const shown = (element) => element.checkVisibility() && element.getClientRects().length > 0;
  const all = (selector) => [...document.querySelectorAll(selector)].filter(shown);
  const name = (element) =>
    (element.getAttribute("aria-label") ?? element.textContent).replace(/\s+/g, " ").trim();

  if (document.documentElement.lang !== "en") found.push("the page does not say its language");
  if (!document.title) found.push("the page has no title");
  if (all("h1").length !== 1) found.push("there is not exactly one first heading");
  if (all("main").length !== 1) found.push("there is not exactly one main part");
  let before = 0;
  for (const heading of all("h1, h2, h3, h4")) {
    const level = Number(heading.tagName[1]);
    if (level > before + 1) found.push(`a level is left out before the heading ${name(heading)}`);
    before = level;
  }
  for (const field of all("input:not([type=hidden])")) {
    if (!field.labels.length) found.push(`no label: ${field.outerHTML}`);
  }
  for (const control of all("button, a")) {
    if (!name(control)) found.push(`no name: ${control.outerHTML}`);
    const label = control.getAttribute("aria-label");
    if (label && !label.includes(control.textContent.trim())) {
      found.push(`whoever speaks to the page can not press: ${label}`);
    }
  }
  for (const image of all("img")) {
    if (!image.hasAttribute("alt")) found.push(`no alternative: ${image.outerHTML}`);
  }
  const ids = [...document.querySelectorAll("[id]")].map((element) => element.id);
  if (new Set(ids).size < ids.length) found.push("an id stands twice");

  // WCAG 2.2, 1.4.3 and 1.4.11: relative luminance and contrast.
  const channels = (color) => color.match(/[\d.]+/g).map(Number);
  const luminance = ([red, green, blue]) => {
    const linear = [red, green, blue].map((value) => {
      const share = value / 255;
      return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2];
  };
  const contrast = (one, other) => {
    const [dark, light] = [luminance(one), luminance(other)].sort((a, b) => a - b);
    return (light + 0.05) / (dark + 0.05);
  };
  const behind = (element) => {
    for (let at = element; at; at = at.parentElement) {
      const color = channels(getComputedStyle(at).backgroundColor);
      if (color.length === 3 || color[3] === 1) return color;
    }
    return [255, 255, 255];
  };
  const demand = (what, ratio, least) => {
    if (ratio < least) found.push(`contrast ${ratio.toFixed(2)} below ${least}: ${what}`);
  };
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (texts.nextNode()) {
    const element = texts.currentNode.parentElement;
    const text = texts.currentNode.data.trim();
    if (!text || !shown(element) || element.closest("noscript, template")) continue;
    const color = channels(getComputedStyle(element).color);
    demand(text, contrast(color, behind(element)), 4.5);
  }
  for (const field of all("input:not([type=hidden])")) {
    const border = channels(getComputedStyle(field).borderTopColor);
    demand(`the border of ${field.id}`, contrast(border, behind(field.parentElement)), 3);
    const placeholder = channels(getComputedStyle(field, "::placeholder").color);
    demand(`the example in ${field.id}`, contrast(placeholder, behind(field)), 4.5);
  }
  if (document.scrollingElement.scrollWidth > innerWidth) found.push("wider than the window");
  return found;
}
