// Find LiteRT.js and start the page. A classic script, because an import map must exist before the first module.
"use strict";

async function findRuntime() {
  const runtime = await (await fetch("runtime.json")).json();

  // vendor/ is node_modules as npm creates it. Some hosts answer a missing file with a page, so check the content.
  let vendored = false;
  try {
    const answer = await fetch(`${runtime.vendor}@litertjs/core/package.json`);
    vendored = answer.ok && Boolean((await answer.json()).version);
  } catch { /* not there */ }

  const locate = (file) => {
    const name = file.split("/").slice(0, 2).join("/");
    const path = vendored ? runtime.vendor + file : `${runtime.cdn}${name}@${runtime.packages[name]}${file.slice(name.length)}`;
    return new URL(path, document.baseURI).href;
  };
  const urls = Object.fromEntries(Object.keys(runtime.integrity).map((file) => [file, locate(file)]));
  const modules = Object.keys(runtime.packages).map((name) => [name, `${name}/dist/index.js`]);

  const map = document.createElement("script");
  map.type = "importmap";
  map.textContent = JSON.stringify({
    imports: Object.fromEntries(modules.map(([name, file]) => [name, urls[file]])),
    integrity: Object.fromEntries(modules.map(([, file]) => [urls[file], runtime.integrity[file]])),
  });
  document.head.append(map);

  window.LITERT = { urls, integrity: runtime.integrity, from: vendored ? runtime.vendor : runtime.cdn };
}

const fail = (file) => (error) => {
  document.getElementById("error").textContent = `The page is incomplete: ${file}: ${error.message}`;
};
findRuntime().then(
  () => import("./app.js").catch(fail("app.js or a file that it needs")), // browsers do not say which
  fail("runtime.json"),
);
