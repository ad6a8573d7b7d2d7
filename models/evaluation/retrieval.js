"use strict";
// Sorts and searches what was retrieved; without it the list stands as it is, the worst first.
{
  const list = document.getElementById("queries");
  const [find, sort, show, count] = ["find", "sort", "show", "count"].map((id) => document.getElementById(id));
  const rows = Array.from(list.children);
  const rank = (row) => Number(row.dataset.rank);
  const order = {
    worst: (one, other) => rank(other) - rank(one),
    best: (one, other) => rank(one) - rank(other),
    name: (one, other) => one.dataset.name.localeCompare(other.dataset.name),
  };
  const wanted = {
    "": () => true,
    first: (row) => rank(row) === 0,
    near: (row) => rank(row) < Number(row.dataset.shown),
    missed: (row) => rank(row) >= Number(row.dataset.shown),
  };
  const update = () => {
    const text = find.value.trim().toLowerCase();
    for (const row of rows) {
      row.hidden = !(row.dataset.words.toLowerCase().includes(text) && wanted[show.value](row));
    }
    list.append(...rows.sort(order[sort.value]));
    list.scrollTop = 0;
    count.value = `${rows.filter((row) => !row.hidden).length} of ${rows.length}`;
  };
  for (const control of [find, sort, show]) control.addEventListener("input", update);
  document.getElementById("bar").hidden = false;
  update();
}
