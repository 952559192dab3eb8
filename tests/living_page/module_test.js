// The living page's module in Node, against the reference cases of tests/fixtures to the tolerance of each: losses and their
// gradients, rules, the schedule, scores, a convolution.
// usage: node module_test.js LIVING_MODULE.js FOLDER_OF_THE_CASES
"use strict";
const fs = require("fs");
const path = require("path");
const connect = require("../../apps/living_page/engine.js");

const readCase = (file) => {
  const bytes = fs.readFileSync(file), header = 8 + Number(bytes.readBigUInt64LE(0)), tensors = JSON.parse(bytes.subarray(8, header).toString());
  const metadata = tensors.__metadata__, numbers = {};
  delete tensors.__metadata__;
  for (const [name, { dtype, data_offsets: [from, to] }] of Object.entries(tensors)) {
    const own = bytes.subarray(header + from, header + to);
    numbers[name] = Array.from({ length: own.length / 8 }, (_, i) => dtype === "I64" ? Number(own.readBigInt64LE(8 * i)) : own.readDoubleLE(8 * i));
  }
  return { name: path.basename(file), metadata, tensors, numbers };
};

require(path.resolve(process.argv[2]))({ wasmBinary: fs.readFileSync(process.argv[2].replace(/js$/, "wasm")) }).then((module) => {
  const engine = connect(module), folder = process.argv[3];
  let passed = 0, failed = 0;
  const cases = (pattern) => fs.readdirSync(folder).filter((name) => pattern.test(name)).map((name) => readCase(path.join(folder, name)));
  const agree = (of, what, got, wanted) => {
    const { rtol, atol } = of.metadata, largest = Math.max(...wanted.map(Math.abs)), allowed = Number(atol) + Number(rtol) * largest;
    const worst = Math.max(...wanted.map((value, i) => Math.abs(value - got[i])));
    const good = got.length === wanted.length && wanted.length > 0 && worst <= allowed;
    if (good) ++passed; else ++failed;
    if (!good) console.log(`failed: ${of.name} ${what}: differs by ${worst}, allowed ${allowed}`);
  };
  const run = (pattern, least, check) => {
    const found = cases(pattern);
    if (found.length < least) { ++failed; console.log(`failed: ${found.length} cases match ${pattern}, expected ${least} at least`); }
    for (const one of found) {
      try { check(one); } catch (problem) { ++failed; console.log(`failed: ${one.name}: ${problem.message}`); }
    }
  };
  // Losses on sums of pixels: the images of a batch may as well lie below each other.
  run(/^(cce|mean_iou|mean_dice|tversky|cb_dice)__c2_/, 18, (one) => {
    const [N, H, W] = one.tensors.labels.shape, value = new Float64Array(1), gradient = new Float64Array(2 * N * H * W);
    engine.call("loss", one.metadata.op, N * H, W, Float64Array.from(one.numbers.logits), Float64Array.from(one.numbers.labels), 0, value, gradient);
    agree(one, "value", value, one.numbers["expect.output"]);
    agree(one, "gradient", gradient, one.numbers["expect.grad.logits"]);
  });
  run(/^dmf_loss__/, 2, (one) => {
    const [T, K] = one.tensors["expect.losses"].shape, weights = new Float64Array(T * K);
    engine.call("replay", one.metadata.strategy, K, T, Float64Array.from(one.numbers["expect.losses"]), Number(one.metadata.history_size), Number(one.metadata.history_size_max), weights);
    agree(one, "weights", weights, one.numbers["expect.weights"]);
  });
  run(/^dmf_weights__never_full/, 3, (one) => {
    const [K, T] = one.tensors.losses.shape, weights = new Float64Array(T * K);
    const curves = Float64Array.from({ length: T * K }, (_, i) => one.numbers.losses[i % K * T + Math.floor(i / K)]);
    engine.call("replay", one.metadata.strategy, K, T, curves, Number(one.metadata.history_size), Number(one.metadata.history_size_max), weights);
    agree(one, "weights", weights, one.numbers["expect.weights"]);
  });
  run(/^dmf_aux_schedule__/, 3, (one) => {
    const steps = Number(one.metadata.calls), gamma = new Float64Array(steps);
    engine.call("gamma", Number(one.metadata.gamma0), Number(one.metadata.lambda), Number(one.metadata.batch_track_steps), steps, gamma);
    agree(one, "gamma", gamma, one.numbers["expect.gamma"]);
  });
  run(/^metrics__c2_/, 2, (one) => {
    const [N, H, W] = one.tensors.labels.shape, value = new Float64Array(1);
    const logits = Float64Array.from({ length: 2 * N * H * W }, (_, i) => i % 2 ? one.numbers.pred[i >> 1] - 0.5 : 0);
    engine.call("argmax_loss", N * H, W, logits, Float64Array.from(one.numbers.labels), value);
    agree(one, "1 - mean Dice", value, [1 - one.numbers["expect.mean.dice"][0]]);
  });
  run(/^conv2d__k1/, 1, (one) => {
    const [, S] = one.tensors.input.shape, of = (name) => Float64Array.from(one.numbers[name]);
    const y = new Float64Array(S * S), dx = new Float64Array(S * S), dw = new Float64Array(1);
    engine.call("conv2d", S, 1, of("input"), of("weight"), of("grad_output"), y, dx, dw);
    agree(one, "output", y.map((v) => v + one.numbers.bias[0]), one.numbers["expect.output"]);
    agree(one, "gradient of x", dx, one.numbers["expect.grad.input"]);
    agree(one, "gradient of the weight", dw, one.numbers["expect.grad.weight"]);
  });
  // What is refused arrives as the engine's own words.
  const refused = (what, words) => {
    try { what(); } catch (problem) {
      if (problem.message.includes(words)) { ++passed; return; }
      console.log(`failed: ${problem.message}: expected ${words}`);
    }
    ++failed;
  };
  refused(() => engine.call("loss", "dise", 1, 1, new Float64Array(2), new Float64Array(1), 0, new Float64Array(1), new Float64Array(2)), "dise");
  refused(() => engine.call("replay", "variance", 1, 1, Float64Array.of(NaN), 2, 2, new Float64Array(1)), "loss 'loss 1' is nan at step 0");
  // Every loss keeps the gradient check, one after the other, so that memory is used again.
  for (const { name } of engine.table("loss", "help")) {
    const drawn = (i, seed) => Math.sin(12.9898 * i + seed) * 43758.5453 % 1;  // in (-1, 1)
    const logits = Float64Array.from({ length: 32 }, (_, i) => 2 * drawn(i, 1)), labels = Float64Array.from({ length: 16 }, (_, i) => Number(drawn(i, 2) > 0));
    const analytic = new Float64Array(32), numeric = new Float64Array(32), summary = new Float64Array(3);
    try {
      engine.call("gradcheck", name, 4, 4, logits, labels, 0, analytic, numeric, summary);
      if (summary[0] === 32 && analytic.every((slope, i) => Math.abs(slope - numeric[i]) < 1e-7)) ++passed; else { ++failed; console.log(`failed: gradcheck of ${name}: ${summary}`); }
    } catch (problem) { ++failed; console.log(`failed: gradcheck: ${problem.message}`); }
  }
  // A training learns, for so many steps that what it writes beside its memory would have shown.
  const row = new Float64Array(9), dice = new Float64Array(1);
  engine.call("train_begin", 32, 32, 8, 4, "cce,mean_iou,mean_dice", "cb_dice", "variance", 20, 0.002, 1);
  for (let step = 0; step < 200; ++step) engine.call("train_step", row);
  engine.call("train_score", dice);
  if (dice[0] > 0.8 && row.every(Number.isFinite)) ++passed; else { ++failed; console.log(`failed: after 200 steps the lesion Dice is ${dice[0]}`); }
  console.log(`${passed} passed, ${failed} failed, 0 skipped`);
  process.exit(failed ? 1 : 0);
});
