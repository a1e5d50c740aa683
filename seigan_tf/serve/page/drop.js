// Files dragged onto the page: one drop area for each use of a file.

/**
 * Calls `chosen(what, file)` for a dropped file; `what` is the data-for of the area.
 * `offered()` returns the names of the areas that are shown when a file is dragged in.
 */
export function acceptDrops(cover, offered, chosen) {
  const areas = [...cover.children];
  const hide = () => { cover.hidden = true; };
  const areaOf = (event) => areas.find((area) => !area.hidden && area.contains(event.target));
  const isFile = (event) => [...event.dataTransfer.types].includes("Files");

  document.addEventListener("dragenter", (event) => {
    if (!isFile(event) || !cover.hidden) return;
    const names = offered();
    for (const area of areas) area.hidden = !names.includes(area.dataset.for);
    cover.hidden = !names.length;
  });
  document.addEventListener("dragover", (event) => {
    if (!isFile(event)) return;
    event.preventDefault(); // otherwise the browser would open the file in place of the page
    for (const area of areas) area.classList.toggle("over", area === areaOf(event));
    event.dataTransfer.dropEffect = areaOf(event) ? "copy" : "none";
  });
  document.addEventListener("dragleave", (event) => {
    if (!event.relatedTarget) hide(); // the window was left
  });
  document.addEventListener("drop", (event) => {
    if (!isFile(event)) return;
    event.preventDefault();
    const area = areaOf(event), [file] = event.dataTransfer.files;
    hide();
    if (area && file) chosen(area.dataset.for, file);
  });
}
