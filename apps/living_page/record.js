// Records the losses of a training of chapter 7, for the chapters that look at curves: cce, mean_iou, mean_dice, and the
// auxiliary cb_dice.
// usage: node record.js LIVING_MODULE.js >recorded.csv
"use strict";
const fs = require("fs");
const path = require("path");
const connect = require("./engine.js");

require(path.resolve(process.argv[2]))({ wasmBinary: fs.readFileSync(process.argv[2].replace(/js$/, "wasm")) }).then((module) => {
  const engine = connect(module), losses = ["cce", "mean_iou", "mean_dice", "cb_dice"], row = new Float64Array(2 * losses.length + 1);
  engine.call("train_begin", 32, 32, 8, 4, losses.slice(0, 3).join(), losses[3], "variance", 20, 0.002, 1);
  console.log(losses.join());
  for (let step = 0; step < 120; ++step) {
    engine.call("train_step", row);
    console.log(Array.from(row.slice(0, losses.length), (loss) => loss.toFixed(5)).join());
  }
});
