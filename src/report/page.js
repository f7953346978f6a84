/* Small parts of the page. Text from the network enters it as text only. */

/** An element with properties and children. */
export function element(name, properties = {}, ...children) {
  const node = Object.assign(document.createElement(name), properties);
  node.append(...children);
  return node;
}

export const byId = (id) => document.getElementById(id);

/** A table cell, its number to the right. */
export const cell = (text, numeric) => element('td', { className: numeric ? 'number' : '' }, text);

/** A box with one figure and what it is. */
export const fact = (figure, name) =>
  element('div', { className: 'fact' }, element('b', {}, figure), element('span', {}, name));

/** A table that does not sort; `numeric`: the columns of numbers, default all but the first. */
export function plainTable(headings, rows, numeric = headings.map((_, index) => index).slice(1)) {
  const isNumber = (index) => numeric.includes(index);
  const heading = (text, index) =>
    element('th', { scope: 'col', className: isNumber(index) ? 'number' : '' }, text);
  const head = element('thead', {}, element('tr', {}, ...headings.map(heading)));
  const lines = rows.map((texts) =>
    element('tr', {}, ...texts.map((text, index) => cell(text, isNumber(index)))),
  );
  return element('div', { className: 'scroll' }, element('table', {}, head, element('tbody', {}, ...lines)));
}

/**
 * Fills `table` with a row for each entry, sorted by a click on a heading. A column has `title`, `hint`, `value(entry)`,
 * `text(entry)`, `numeric` and `descending`: whether the first click puts the greatest on top.
 */
export function sortableTable(table, columns, rows) {
  const body = element('tbody', {}, ...rows.map(({ row }) => row));
  const headings = columns.map((column) => {
    const { title, hint, value, numeric, descending } = column;
    const button = element('button', { type: 'button', title: hint ?? '' }, title);
    const heading = element('th', { scope: 'col', className: numeric ? 'number' : '' }, button);
    button.onclick = () => {
      const first = descending ? 'descending' : 'ascending';
      const second = descending ? 'ascending' : 'descending';
      const order = heading.ariaSort === first ? second : first;
      for (const other of headings) other.removeAttribute('aria-sort');
      heading.ariaSort = order;
      const sign = order === 'ascending' ? 1 : -1;
      const sorted = rows.toSorted((a, b) => sign * compareValues(value(a.entry), value(b.entry)));
      body.append(...sorted.map(({ row }) => row));
    };
    return heading;
  });
  table.append(element('thead', {}, element('tr', {}, ...headings)), body);
}

function compareValues(a, b) {
  if (typeof a === 'string') return a.localeCompare(b, 'en', { numeric: true });
  return a === b ? 0 : a - b;
}
