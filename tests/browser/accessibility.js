// What of a page is hard to read or to operate that axe-core does not look at; empty is good.
() => {
  const found = [];
  const shown = (element) => element.checkVisibility() && element.getClientRects().length > 0;
  const all = (selector) => [...document.querySelectorAll(selector)].filter(shown);

  if (document.scrollingElement.scrollWidth > innerWidth) {
    const wide = all("body *").filter((each) => each.getBoundingClientRect().right > innerWidth + 1);
    found.push(`wider than the window: ${wide.map((each) => each.outerHTML.slice(0, 80))}`);
  }

  // WCAG 2.2, 1.4.11 and the examples in fields: relative luminance and contrast.
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
  for (const field of all("input:not([type=hidden], [disabled]), select")) {
    const name = field.id || field.name;
    const border = channels(getComputedStyle(field).borderTopColor);
    demand(`the border of ${name}`, contrast(border, behind(field.parentElement)), 3);
    if (!field.placeholder) continue;
    const placeholder = channels(getComputedStyle(field, "::placeholder").color);
    demand(`the example in ${name}`, contrast(placeholder, behind(field)), 4.5);
  }
  return found;
}
