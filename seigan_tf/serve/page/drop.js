// Files that are dragged onto the page: an area for each thing that can be done with one.

/**
 * Calls `chosen(what, file)` for a file that is dropped, `what` being the data-for of the area that it was dropped on.
 * `offered()` says, when a file comes, which areas make sense.
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
