(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const table = document.getElementById("points"), words = document.getElementById("words");
  const front = document.getElementById("front"), told = document.getElementById("told");
  const flag = data.columns.indexOf("Pareto");
  let column = data.columns.indexOf("cycles"), down = false;
  const head = table.tHead.rows[0];
  const show = () => {
    const wanted = words.value.toLowerCase().split(/\s+/).filter(Boolean);
    const rows = data.rows.filter((row) => (!front.checked || row[flag]) &&
      wanted.every((word) => row.some((cell) => String(cell).toLowerCase().includes(word))));
    rows.sort((a, b) => {
      const [x, y] = down ? [b[column], a[column]] : [a[column], b[column]];
      return typeof x === "number" && typeof y === "number" ? x - y : String(x).localeCompare(String(y), "en", { numeric: true });
    });
    const body = document.createElement("tbody");
    for (const row of rows.slice(0, 200)) {
      const line = body.insertRow();
      row.forEach((cell, index) => {
        const own = line.insertCell();
        own.textContent = cell === true ? "yes" : cell === false || cell === null ? "" : cell;
        if (data.texts[index]) own.className = "t";
      });
    }
    table.replaceChild(body, table.tBodies[0]);
    told.textContent = rows.length > 200 ? `the first 200 of ${rows.length} rows` : `${rows.length} rows`;
    [...head.cells].forEach((cell, index) => cell.setAttribute("aria-sort", index !== column ? "none" : down ? "descending" : "ascending"));
  };
  data.columns.forEach((name, index) => {
    const cell = document.createElement("th");
    cell.scope = "col"; cell.tabIndex = 0; cell.textContent = name;
    if (data.texts[index]) cell.className = "t";
    const sort = () => { down = column === index && !down; column = index; show(); };
    cell.addEventListener("click", sort);
    cell.addEventListener("keydown", (event) => { if (event.key === "Enter") sort(); });
    head.append(cell);
  });
  words.addEventListener("input", show);
  front.addEventListener("change", show);
  document.getElementById("tools").hidden = false;
  show();
})();
