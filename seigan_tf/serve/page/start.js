// Starts the page. The page of an export has another file of this name, which finds LiteRT.js first.
"use strict";

import("./app.js");
