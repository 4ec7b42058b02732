// What the search shows of a page leaves formulas out: they would stand there as TeX. It is loaded on the search page alone.
{
  const whole = Search.htmlToText;
  Search.htmlToText = (page, anchor) => {
    const parsed = new DOMParser().parseFromString(page, "text/html");
    for (const formula of parsed.querySelectorAll(".math")) formula.replaceWith("…");
    return whole(parsed.documentElement.outerHTML, anchor);
  };
}
