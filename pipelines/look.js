// A function that finds what can be seen on a page: see locating.py, which calls it in a world of its own.
// Accessors are taken from the prototypes: a form field or a picture named like one hides it on its element.
((quotes, images, query, labels, places, words, tallest) => {
  const own = (kind, name) => { const got = Object.getOwnPropertyDescriptor(kind.prototype, name).get;
    return (on) => got.call(on); };
  const parent = own(Node, 'parentNode'), text = own(CharacterData, 'data'), root = own(Document, 'documentElement');
  const kids = own(Element, 'shadowRoot'), tag = own(Element, 'tagName'), classes = own(Element, 'className');
  const value = own(HTMLInputElement, 'value'), area = own(HTMLTextAreaElement, 'value');
  const source = own(HTMLImageElement, 'currentSrc');
  const content = own(Node, 'textContent'), children = own(Element, 'children');
  const find = (on, what) => Element.prototype.querySelectorAll.call(on, what);
  const rect = (on) => Element.prototype.getBoundingClientRect.call(on);
  const html = root(document);
  const known = new Map();
  const plain = (letter) => { let one = known.get(letter);
    if (one === undefined) { one = letter.normalize('NFKC').replace(/[\s\p{Default_Ignorable_Code_Point}\p{Cf}]+/gu, '').toLowerCase();
      known.set(letter, one); }
    return one; };
  const bare = (words) => { let all = ''; for (const letter of words) all += plain(letter); return all; };
  const up = (node) => { const above = parent(node); return above instanceof ShadowRoot ? above.host : above; };

  // -- every text of the page, in order, with the place each letter comes from
  const nodes = [], starts = [];
  let all = '';
  const skipped = new Set(['SCRIPT', 'STYLE', 'NOSCRIPT', 'TEMPLATE', 'TITLE', 'HEAD']);
  const walk = (top) => {
    const walker = Document.prototype.createTreeWalker.call(document, top, NodeFilter.SHOW_ELEMENT | NodeFilter.SHOW_TEXT,
      (node) => node instanceof Element && skipped.has(tag(node)) ? NodeFilter.FILTER_REJECT : NodeFilter.FILTER_ACCEPT);
    for (let node = walker.nextNode(); node && all.length < words; node = walker.nextNode()) {
      if (node instanceof Element) { if (kids(node)) walk(kids(node)); continue; }
      const letters = bare(text(node));
      if (letters) { nodes.push(node); starts.push(all.length); all += letters; }
    }
  };
  walk(html);
  const at = (place) => {
    let low = 0, high = starts.length - 1;
    while (low < high) { const middle = (low + high + 1) >> 1; if (starts[middle] <= place) low = middle; else high = middle - 1; }
    const raw = text(nodes[low]);
    let seen = starts[low], index = 0;
    for (const letter of raw) {
      const length = plain(letter).length;
      if (seen + length > place) return [low, index, index + letter.length];
      seen += length; index += letter.length;
    }
    return [low, raw.length, raw.length];
  };

  // -- what can be seen: every element answers to a point, whatever the page says of its pointer
  const sheet = new CSSStyleSheet();
  sheet.replaceSync('*, *::before, *::after { pointer-events: auto !important; }');
  const sheets = [...document.adoptedStyleSheets];
  const home = scrollY;
  const clear = (colour) => { const parts = colour.match(/[\d.]+/g) || []; return parts.length > 3 && Number(parts[3]) < 0.1; };
  const boxed = (element) => { while (getComputedStyle(element).display === 'contents' && up(element) instanceof Element)
    element = up(element); return element; };
  const shown = (element) => {
    let opaque = 1;
    for (let one = element; one instanceof Element; one = up(one)) {
      const style = getComputedStyle(one);
      opaque *= Number(style.opacity);
      if (opaque < 0.1 || style.display === 'none') return false;
    }
    const style = getComputedStyle(element);
    return style.visibility === 'visible' && !clear(style.color) && parseFloat(style.fontSize) >= 5;
  };
  const bodies = new Set(['IMG', 'VIDEO', 'CANVAS', 'IFRAME', 'OBJECT', 'EMBED', 'svg', 'INPUT', 'TEXTAREA', 'BUTTON']);
  const paints = (element) => {
    for (let one = element, opaque = 1; one instanceof Element; one = up(one)) {
      opaque *= Number(getComputedStyle(one).opacity);
      if (opaque < 0.1) return false;
    }
    if (bodies.has(tag(element))) return true;
    return ['', '::before', '::after'].some((side) => {
      const style = getComputedStyle(element, side || null);
      return (!side || style.content !== 'none') && (!clear(style.backgroundColor) || style.backgroundImage !== 'none');
    });
  };
  const floats = (element) => {
    for (let one = element; one instanceof Element; one = up(one))
      if (['fixed', 'sticky'].includes(getComputedStyle(one).position)) return true;
    return false;
  };
  const uncovered = (element, x, y) => {
    const far = y < 0 || y >= innerHeight;
    if (far) scrollTo({top: home + y - innerHeight / 2, behavior: 'instant'});
    let top = parent(element);
    while (top && !(top instanceof ShadowRoot) && !(top instanceof Document)) top = parent(top);
    const hits = (top instanceof ShadowRoot ? ShadowRoot : Document).prototype.elementsFromPoint.call(
      top || document, x, y - (scrollY - home));
    let seen = false;
    for (const one of hits) {
      if (one === element) { seen = true; break; }
      // Further down the picture has no floating bars, only the screen they were scrolled over has.
      if (paints(one) && !(far && floats(one))) break;
    }
    if (far) scrollTo({top: home, behavior: 'instant'});
    return seen;
  };
  const ends = (good) => { const first = good[0], last = good[good.length - 1];
    return [[first.left + Math.min(3, first.width / 2), first.top + first.height / 2],
      [last.right - Math.min(3, last.width / 2), last.top + last.height / 2]]; };
  const middle = (good) => [[good[0].left + good[0].width / 2, good[0].top + good[0].height / 2]];
  const box = (rects, element, points) => {
    element = boxed(element);
    const good = rects.filter((one) => one.width >= 1 && one.height >= 1);
    if (!good.length || !shown(element)) return null;
    const left = Math.min(...good.map((one) => one.left)), right = Math.max(...good.map((one) => one.right));
    const top = Math.min(...good.map((one) => one.top)), bottom = Math.max(...good.map((one) => one.bottom));
    const placed = [left + scrollX, top + scrollY, right + scrollX, bottom + scrollY].map(Math.round);
    if (placed[0] < 0 || placed[1] < 0 || placed[2] > innerWidth + 1 || placed[3] > tallest) return null;
    return points(good).every(([x, y]) => uncovered(element, x, y)) ? placed : null;
  };
  // Words that run over several elements are there when each piece is, from its first letter to its last.
  const standing = (place, length) => {
    const [begin, from] = at(place), [end, , to] = at(place + length - 1);
    let joined = null;
    for (let one = begin; one <= end; one++) {
      const range = Document.prototype.createRange.call(document), node = nodes[one];
      range.setStart(node, one === begin ? from : 0); range.setEnd(node, one === end ? to : text(node).length);
      const placed = box([...range.getClientRects()], up(node), ends);
      if (!placed) return null;
      joined = joined === null ? placed : [Math.min(joined[0], placed[0]), Math.min(joined[1], placed[1]),
        Math.max(joined[2], placed[2]), Math.max(joined[3], placed[3])];
    }
    return joined;
  };

  // -- the word that marks an advertisement, within the piece of the page that the quote belongs to
  const marks = labels.map(bare);
  const labelled = (piece) => {
    const found = [];
    for (const one of [piece, ...[...find(piece, '*')].slice(0, 400)]) {
      const words = bare(content(one));
      let mark = words.length < 40 ? marks.findIndex((label) => label === words) : -1;
      let drawn = '';
      for (const side of ['::before', '::after']) {
        const says = getComputedStyle(one, side).content;
        if (says.startsWith('"')) drawn += bare(says.slice(1, -1));
      }
      if (mark < 0 && drawn) mark = marks.indexOf(drawn);
      if (mark >= 0) { const placed = box([rect(one)], one, middle); if (placed) found.push([placed, labels[mark]]); }
    }
    return found.length ? found[found.length - 1] : null;
  };
  const linked = (one) => find(one, 'a[href]').length > 0;
  const label = (element) => {
    for (let piece = element, level = 0; piece && tag(piece) !== 'BODY' && level < 15; piece = up(piece), level++) {
      if (!(piece instanceof Element) || rect(piece).height > 900) return null;
      const found = labelled(piece);
      if (found) return found;
      const above = up(piece);
      if (!(above instanceof Element)) return null;
      // Among others of its like, a piece with a link of its own is the whole advertisement.
      const alike = [...children(above)].filter((one) => one !== piece && tag(one) === tag(piece)
        && String(classes(one)) === String(classes(piece)) && rect(one).height >= 60 && linked(one));
      if (alike.length && rect(piece).height >= 60 && linked(piece)) return null;
    }
    return null;
  };

  const found = [];
  document.adoptedStyleSheets = [...sheets, sheet];
  quotes.forEach(([quote, isAd], number) => {
    const sought = bare(quote);
    if (!sought) return;
    let kept = 0;
    for (let place = all.indexOf(sought), tries = 0; place >= 0 && kept < places && tries < 40; tries++) {
      const placed = standing(place, sought.length);
      if (placed) { found.push([number, placed, isAd ? label(up(nodes[at(place)[0]])) : null]); kept++; }
      place = all.indexOf(sought, place + sought.length);
    }
  });

  // -- the listings' own pictures, by their addresses
  const pictured = [];
  if (images.length) for (const one of [...find(html, 'img')].slice(0, 2000)) {
    const from = source(one).split('#')[0];
    images.forEach((image, number) => { if (image.split('#')[0] !== from) return;
      const placed = box([rect(one)], one, middle); if (placed) pictured.push([number, placed]); });
  }

  // -- the field that shows what was asked for
  let field = null;
  const asked = bare(query);
  if (asked) for (const one of [...find(html, 'input, textarea')].slice(0, 200)) {
    const said = one instanceof HTMLInputElement ? value(one) : one instanceof HTMLTextAreaElement ? area(one) : '';
    if (bare(said) === asked && (field = box([rect(one)], one, middle))) break;
  }
  document.adoptedStyleSheets = sheets;
  return {found, pictured, field, height: Math.max(rect(html).height, html.scrollHeight), width: innerWidth};
})
