/**
 * Stands for a style element: what is written into it becomes a style sheet made by script, which our policy allows.
 */
function styleSlot(real: Document): HTMLElement {
  const slot = Document.prototype.createElement.call(real, 'template');
  const sheet = new CSSStyleSheet();
  real.adoptedStyleSheets = [...real.adoptedStyleSheets, sheet];
  let text = '';
  Object.defineProperty(slot, 'textContent', {
    get: () => text,
    set: (value: string) => {
      text = value;
      sheet.replaceSync(value);
    },
  });
  const remove = slot.remove.bind(slot);
  slot.remove = () => {
    real.adoptedStyleSheets = real.adoptedStyleSheets.filter((other) => other !== sheet);
    remove();
  };
  return slot;
}

/** A style attribute is refused by the policy as well; the same through the element's own style is not. */
function withStyleOf(element: HTMLElement): HTMLElement {
  const setAttribute = element.setAttribute.bind(element);
  element.setAttribute = (name, value) => {
    if (name === 'style') element.style.cssText = value;
    else setAttribute(name, value);
  };
  return element;
}

/**
 * The document for a library that writes style elements: the policy of the page (`style-src 'self'`) stays as it is.
 */
export function styledDocument(real: Document): Document {
  return new Proxy(real, {
    get: (target, key) => {
      if (key === 'createElement')
        return (name: string) => (name === 'style' ? styleSlot(target) : withStyleOf(target.createElement(name)));
      const value: unknown = Reflect.get(target, key);
      return typeof value === 'function' ? (value.bind(target) as unknown) : value;
    },
  });
}

/** The same while `act` runs, for a library that asks for the document of the window all the same. */
export function withStyleSheets(real: Document, act: () => void): void {
  const create = real.createElement.bind(real);
  real.createElement = (name: string) => (name === 'style' ? styleSlot(real) : create(name));
  try {
    act();
  } finally {
    Reflect.deleteProperty(real, 'createElement');
  }
}
