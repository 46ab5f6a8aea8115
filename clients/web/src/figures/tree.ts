//! A tree of elements as data: written once, it becomes live elements on a page or text in a file. What came from
//! an answer is only ever text in it or the value of an attribute, so nothing of it can become an element.

/** An element of the tree. */
export interface Tree {
  readonly tag: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly children: readonly (Tree | string)[];
  /** Names it among its siblings, so that an update finds it again. */
  readonly key: string | null;
}

type Attribute = string | number | boolean | null | undefined;
export type Child = Tree | string | null | false | undefined | readonly Child[];

/** An element. Attributes that are null, undefined or false are left out, `key` names it among its siblings. */
export function h(tag: string, attributes: Readonly<Record<string, Attribute>>, ...children: readonly Child[]): Tree {
  const kept: Record<string, string> = {};
  for (const [name, value] of Object.entries(attributes)) {
    if (name !== 'key' && value !== null && value !== undefined && value !== false) {
      kept[name] = value === true ? '' : String(value);
    }
  }
  const key = attributes['key'];
  return {
    tag,
    attributes: kept,
    children: flat(children),
    key: key === undefined || key === null ? null : String(key),
  };
}

function flat(children: readonly Child[]): (Tree | string)[] {
  return children.flatMap((child): (Tree | string)[] => {
    if (child === null || child === undefined || child === false) return [];
    if (typeof child === 'string') return child === '' ? [] : [child];
    return 'tag' in child ? [child] : flat(child);
  });
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** The one way into text: whatever it says, it stays text. Characters that no document may have become U+FFFD. */
export function escaped(text: string): string {
  return text
    .replace(/[\p{Surrogate}\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f\ufffe\uffff]/gu, '\ufffd')
    .replace(/[&<>"']/g, (character) => ENTITIES[character] ?? '');
}

const VOID = new Set(['meta', 'br', 'hr', 'col', 'wbr']);

/** The tree as text of a document. */
export function toText(tree: Tree | string): string {
  if (typeof tree === 'string') return escaped(tree);
  const attributes = Object.entries(tree.attributes).map(([name, value]) => ` ${name}="${escaped(value)}"`);
  const open = `<${tree.tag}${attributes.join('')}>`;
  return VOID.has(tree.tag) ? open : `${open}${tree.children.map(toText).join('')}</${tree.tag}>`;
}

const SVG = 'http://www.w3.org/2000/svg';

/** The tree as elements of the page. */
export function toElement(tree: Tree, inSvg = false): Element {
  const svg = inSvg || tree.tag === 'svg';
  const element = svg ? document.createElementNS(SVG, tree.tag) : document.createElement(tree.tag);
  for (const [name, value] of Object.entries(tree.attributes)) element.setAttribute(name, value);
  for (const child of tree.children) element.append(typeof child === 'string' ? child : toElement(child, svg));
  if (tree.key !== null) KEYS.set(element, tree.key);
  SHOWN.set(element, tree);
  return element;
}

const KEYS = new WeakMap<Element, string>();

/** What each element shows. To compare trees is much cheaper than to ask the page, and most of a page stays as it is. */
const SHOWN = new WeakMap<Element, Tree>();

function same(one: Tree | string, other: Tree | string): boolean {
  if (one === other) return true;
  if (typeof one === 'string' || typeof other === 'string') return false;
  const names = Object.keys(one.attributes);
  return (
    one.tag === other.tag &&
    one.key === other.key &&
    one.children.length === other.children.length &&
    names.length === Object.keys(other.attributes).length &&
    names.every((name) => one.attributes[name] === other.attributes[name]) &&
    one.children.every((child, index) => same(child, other.children[index] ?? ''))
  );
}

/** Attributes that belong to whoever uses the page, not to the figures. */
const THEIRS = new Set(['open']);

/** Brings an element to what the tree says and keeps all that is the same: focus, scrolling and what stands open.
 *  An element with `data-own` is left to whoever fills it. */
export function update(element: Element, tree: Tree): void {
  if (tree.key !== null) KEYS.set(element, tree.key);
  if ('data-own' in tree.attributes) return;
  const last = SHOWN.get(element);
  SHOWN.set(element, tree);
  if (last !== undefined && same(last, tree)) return;
  for (const { name } of [...element.attributes]) {
    if (!(name in tree.attributes) && !THEIRS.has(name)) element.removeAttribute(name);
  }
  for (const [name, value] of Object.entries(tree.attributes)) {
    if (!THEIRS.has(name) && element.getAttribute(name) !== value) element.setAttribute(name, value);
  }
  updateChildren(element, tree.children);
}

function updateChildren(element: Element, children: readonly (Tree | string)[]): void {
  const old = [...element.childNodes];
  const wanted = new Set(children.map((child) => (typeof child === 'string' ? null : child.key)));
  const named = new Map(old.flatMap((node) => (keyOf(node) === null ? [] : [[keyOf(node), node] as const])));
  // What is no longer wanted goes first: then the nodes that stay need not be moved, and a move would take the focus.
  const rest = old.filter((node) => keyOf(node) === null || (!wanted.has(keyOf(node)) && (node.remove(), false)));
  const unnamed = rest.filter((node) => keyOf(node) === null);
  let place: ChildNode | null = element.firstChild;
  for (const child of children) {
    const found = typeof child !== 'string' && child.key !== null ? named.get(child.key) : unnamed.shift();
    const node = brought(found, child, element);
    if (found !== undefined && found !== node) {
      if (place === found) place = found.nextSibling;
      found.remove();
    }
    if (node === place) place = node.nextSibling;
    else element.insertBefore(node, place);
  }
  for (const node of unnamed) node.remove();
}

/** The node for a child: the one that was found if it can be it, else a new one. */
function brought(found: ChildNode | undefined, child: Tree | string, parent: Element): ChildNode {
  if (typeof child === 'string') {
    if (!(found instanceof Text)) return document.createTextNode(child);
    if (found.data !== child) found.data = child;
    return found;
  }
  if (found instanceof Element && found.localName === child.tag) {
    update(found, child);
    return found;
  }
  return toElement(child, parent.namespaceURI === SVG && parent.localName !== 'foreignObject');
}

function keyOf(node: ChildNode): string | null {
  return node instanceof Element ? (KEYS.get(node) ?? null) : null;
}
