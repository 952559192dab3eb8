#include <doctest/doctest.h>
#include <fmt/format.h>

#include <regex>

#include <nlohmann/json.hpp>
#include <sstream>

#include "apps/image/codecs/image_file.h"
#include "apps/options/options.h"
#include "apps/page/html.h"
#include "apps/run/model_file.h"
#include "dmf/gram_rules/weighting_rules.h"
#include "engine/core/check.h"
#include "engine/io/safetensors.h"
#include "layers/networks/unet.h"
#include "tests/support/programs.h"
#include "tests/support/temporary_folder.h"

// The programs as a user starts them: what they print, return and leave behind.

namespace dmf {
namespace {

using doctest::Contains;

const std::string kTiny =
    " --recipe paper --image 32 --base-width 4 --epochs 2 --batch 4 --history-size 2 ";
const std::string kSmall = kTiny + "--auxiliary cb_dice ";

}  // namespace

TEST_CASE(
    "train: the same seed gives the same bytes, again and for any number of threads; a config "
    "repeats it") {
  const TemporaryFolder folder;
  make_data(folder / "data");
  const std::string train = "train --data " + quoted(folder / "data") + kSmall +
                            "--augment strong --dropout 0.2 --ema 0.9 ";
  for (const std::string threads : {"1", "2", "3"}) {
    const Outcome outcome =
        run(train + "--threads " + threads + " --out " + quoted(folder / threads));
    REQUIRE_MESSAGE(outcome.code == 0, outcome.text);
  }
  const Outcome repeated =
      run("train --config " + quoted(folder / "1/config.toml") + " --out " + quoted(folder / "4"));
  REQUIRE_MESSAGE(repeated.code == 0, repeated.text);
  for (const char* name : {"last.safetensors", "best.safetensors", "steps.csv", "epochs.csv",
                           "split.csv", "config.toml", "metrics.json", "per_image.csv"}) {
    const std::string first = read_text(folder / "1" / name);
    CHECK_MESSAGE(!first.empty(), name);
    for (const char* other : {"2", "3", "4"})
      CHECK_MESSAGE(read_text(folder / other / name) == first, name);
  }
  CHECK(read_text(folder / "1/last.safetensors").find(folder.path().string()) == std::string::npos);
  const auto metrics = nlohmann::json::parse(read_text(folder / "1/metrics.json"));
  CHECK(metrics["pooled"]["dice"]["per_class"].size() == 2);
  CHECK(metrics["per_image"]["hd95"]["lesion"]["low"].is_number());
  CHECK(read_text(folder / "1/report.html").find("<svg class=\"plot\"") != std::string::npos);
  CHECK(read_text(folder / "1/steps.csv")
            .find("step,epoch,total,cce,mean_iou,mean_dice,auxiliary_cb_dice,weight_cce") == 0);
}

TEST_CASE("train, evaluate, predict: the whole path") {
  const TemporaryFolder folder;
  make_data(folder / "data");
  const std::string out = quoted(folder / "run");
  const Outcome trained = run("train --data " + quoted(folder / "data") + kSmall +
                              " --model classic --depth 2 --fit pad --bilateral --out " + out);
  REQUIRE_MESSAGE(trained.code == 0, trained.text);
  CHECK(trained.text.find("data      simulated (BUSI layout): 14 images, 7 benign, 7 malignant;") !=
        std::string::npos);
  CHECK(trained.text.find("split     random split, seed 1: 10 train, 2 validation, 2 test") !=
        std::string::npos);
  CHECK(trained.text.find("warning: statistics of 2 values are poor") != std::string::npos);
  const auto from = nlohmann::json::parse(read_text(folder / "run/run.json"));
  CHECK(from["simulated"] == true);
  const std::string page = read_text(folder / "run/report.html");
  CHECK(page.find("<span class=\"badge\">SIMULATED IMAGES</span>") != std::string::npos);
  REQUIRE(from["warnings"].size() >= 1);
  for (const std::string warning : from["warnings"]) {
    CHECK_MESSAGE(trained.text.find(warning) != std::string::npos, warning);
    CHECK_MESSAGE(page.find("<li>" + escaped(warning.substr(9)) + "</li>") != std::string::npos,
                  warning);
  }
  const Outcome scored = run("evaluate --run " + out + " --json " + quoted(folder / "scores.json"));
  REQUIRE_MESSAGE(scored.code == 0, scored.text);
  const auto headline = nlohmann::json::parse(read_text(folder / "run/metrics.json"))["headline"];
  CHECK(trained.text.find(fmt::format("test      lesion Dice {:.3f} (",
                                      headline["value"].get<double>())) != std::string::npos);
  CHECK(scored.text.find(fmt::format("{:.4f} (", headline["value"].get<double>())) !=
        std::string::npos);
  CHECK(read_text(folder / "scores.json") == read_text(folder / "run/metrics.json"));
  CHECK(run("evaluate --run " + out + " --part all --weights last --at original").code == 0);
  CHECK(scored.text.find("reports it") == std::string::npos);
  CHECK(run("evaluate --run " + out + " --convention monai")
            .text.find("as monai reports it: mean over images of the classes that the truth has\n"
                       "    Dice ") != std::string::npos);
  CHECK(run("evaluate --run " + out + " --data " + quoted(folder / "data"))
            .text.find("all, 14 images") == 0);

  REQUIRE(run("phantom --out " + quoted(folder / "more") +
              " --benign 3 --malignant 0 --normal 4 --size 32")
              .code == 0);
  CHECK(run("evaluate --run " + out + " --data " + quoted(folder / "more") +
            " --classes benign,normal")
            .text.find("of 4 without lesion\n    false-positive rate") != std::string::npos);

  write_png(folder / "wide.png", 20, 50, 1, std::vector<std::uint8_t>(1000, 90));
  const Outcome predicted =
      run("predict --model " + out + " --out " + quoted(folder / "masks") + " " +
          quoted(folder / "wide.png") + " " + quoted(folder / "data/benign"));
  CHECK_MESSAGE(predicted.code == 0, predicted.text);
  CHECK(predicted.text.find("8 of 8 images segmented") != std::string::npos);
  const RawImage mask = read_image(folder / "masks/wide_mask.png");
  CHECK(mask.height == 20);
  CHECK(mask.width == 50);
  CHECK(std::filesystem::exists(folder / "masks/wide_overlay.png"));
  CHECK(std::filesystem::exists(folder / "masks/wide_probability.png"));
}

TEST_CASE("train: every loss, rule, optimiser and schedule runs") {
  const TemporaryFolder folder;
  make_data(folder / "data");
  int number = 0;
  for (const char* options :
       {"--losses focal,tversky,cb_dice --weighting mad --optimizer sgd --nesterov --lr 0.01",
        "--losses cce,focal --auxiliary tversky --weighting bayesian --optimizer adamw "
        "--weight-decay 0.01 --schedule cosine --warmup-steps 2",
        "--losses mean_dice --auxiliary none --weighting fixed --clip-norm 0.5 --reduction image "
        "--exclude-background",
        "--losses cce --weighting variance --split grouped --resize area --channels 3 "
        "--class-weights 1,2 --ignore-index 7 --bilateral --augment flips"}) {
    const Outcome outcome = run("train --data " + quoted(folder / "data") + kTiny + options +
                                " --out " + quoted(folder / std::to_string(++number)));
    CHECK_MESSAGE(outcome.code == 0, outcome.text);
  }
}

TEST_CASE("programs: bad input ends in one line that says what to do") {
  const TemporaryFolder folder;
  make_data(folder / "data");
  const std::string data = " --data " + quoted(folder / "data"),
                    out = " --out " + quoted(folder / "run");
  is_one_error_line(run("train" + data), 2, "--out is required");
  is_one_error_line(run("train" + data + out + " --model resnet"), 2, "--model");
  is_one_error_line(run("train" + data + out + " --no-such-option 3"), 2, "--no-such-option");
  is_one_error_line(run("train" + data + out + " --dropout 1.5"), 2,
                    "got '1.5', expected a number >= 0 and < 1");
  is_one_error_line(run("train" + data + out + " --lr nan"), 2, "--lr");
  is_one_error_line(run("train --data /nowhere" + out), 1, "/nowhere is not a folder");
  is_one_error_line(run("train" + data + " --out " + quoted(folder / "data")), 1,
                    "is not empty: give another --out, or --overwrite");
  is_one_error_line(run("train" + data + " --out /dev/null/run"), 1, "/dev/null/run");
  is_one_error_line(run("train" + data + out + " --history-size 9 --history-size-max 3"), 1,
                    "history_size_max 3: expected at least history_size 9");
  is_one_error_line(run("train" + data + out + " --losses cce --class-weights 1,2,3" + kSmall), 1,
                    "3 class weights for 2 classes");
  CHECK_FALSE(std::filesystem::exists(folder / "run"));
  is_one_error_line(run("train" + data + out + kSmall + "--lr 1e30"), 1,
                    "is nan at step 1: expected a finite value");
  is_one_error_line(run("evaluate --run " + quoted(folder / "absent")), 1,
                    "config.toml is not there");
  is_one_error_line(run("predict --model " + quoted(folder / "absent") + out + " x.png"), 1,
                    "cannot read");
  write_text(folder / "text.safetensors",
             std::string("\x10\0\0\0\0\0\0\0", 8) + "{\"a\":1}         ");
  is_one_error_line(run("predict --model " + quoted(folder / "text.safetensors") + out + " x.png"),
                    1, "text.safetensors");
  write_text(folder / "bad.toml", "epochs = \"many\"\n");
  is_one_error_line(run("train --config " + quoted(folder / "bad.toml") + data + out), 2,
                    "bad.toml line 1: epochs: got 'many', expected a whole number");
  write_text(folder / "odd.toml", "epoks = 3\n");
  is_one_error_line(run("train --config " + quoted(folder / "odd.toml") + data + out), 2,
                    "odd.toml line 1: train has no option 'epoks': did you mean 'epochs'?");
  is_one_error_line(run("train --config /nowhere.toml" + data + out), 2,
                    "[config] /nowhere.toml is not there");
  is_one_error_line(run("train" + data + out + " --epoch 3"), 2,
                    "train: --epoch is no option: did you mean --epochs? (see --help)");
  is_one_error_line(run("experiment reprot x --out y"), 2,
                    "'reprot' is not expected here: did you mean report?");
  is_one_error_line(run("train" + data + out + " --epochs 3 --epochs 4"), 2,
                    "--epochs is given 2 times: expected once");
  is_one_error_line(run("train --epochs"), 2, "--epochs needs a value");
  for (const char* empty :
       {"train --data '' --out x", "train --data x --out ''", "train --resume ''",
        "predict --model '' --out x y", "phantom --out ''", "evaluate --run ''"}) {
    is_one_error_line(run(empty), 2, "got an empty text, expected a name");
  }
  is_one_error_line(run("phantom --seed -1 --out x"), 2, "expected a whole number from 0 to 1844");
  is_one_error_line(run("export --model " + quoted(folder / "absent") + " --out x"), 1, "absent");
  write_text(folder / "few.safetensors", std::string("\x02\0\0\0\0\0\0\0{}", 10));
  is_one_error_line(
      run("export --from keras --model " + quoted(folder / "few.safetensors") + " --out x"), 1,
      "few.safetensors: [weights] there is no tensor 'enc0.conv.kernel'");
  is_one_error_line(run("export --model x --to tflite --out x"), 2, "--to");
  is_one_error_line(run("experiment audit /nowhere.csv"), 1, "cannot read /nowhere.csv");
  is_one_error_line(run("probe --out /dev/null/x " DMF_FIXTURES "/reference"), 1,
                    "cannot make the folder /dev/null/x");
#if !DMF_WITH_CUDA
  is_one_error_line(run("bench step --device cuda"), 1, "only the CPU backend");
#endif
  is_one_error_line(run("probe --check /nowhere.safetensors"), 1, "0 passed, 1 failed");
  is_one_error_line(run("phantom --size 8 --out " + quoted(folder / "p")), 2, "--size");
  for (const char* program : {"train", "evaluate", "inspect", "predict", "phantom", "bench",
                              "probe", "experiment", "export"}) {
    const Outcome help = run(std::string(program) + " --help", "COLUMNS=80 ");
    CHECK(help.code == 0);
    CHECK(help.text.find("--version") != std::string::npos);
    std::istringstream lines(help.text);
    for (std::string line; std::getline(lines, line);) CHECK_MESSAGE(line.size() <= 80, line);
    const Outcome version = run(std::string(program) + " --version");
    CHECK(version.code == 0);
    CHECK(version.text.find(std::string(program) + " 0.1.0") == 0);
    CHECK(version.text.find("OpenMP") != std::string::npos);
    CHECK(version.text.find("optional parts: CUDA ") != std::string::npos);
  }
}

TEST_CASE("train: the recipe and options in vain are said at the start") {
  const TemporaryFolder folder;
  make_data(folder / "data");
  const std::string train = "train --data " + quoted(folder / "data") + " --image 16 --depth 1 " +
                            "--base-width 2 --epochs 2 --momentum 0.8 --out ";
  const Outcome strong = run(train + quoted(folder / "a"));
  REQUIRE_MESSAGE(strong.code == 0, strong.text);
  const std::string said = std::regex_replace(strong.text, std::regex("\\s+"), " ");
  CHECK(said.find("recipe strong: image 128, fit pad, label-resize share") != std::string::npos);
  CHECK(said.find("; set otherwise: image 16, base-width 2, epochs 2 ") != std::string::npos);
  CHECK(strong.text.find("warning: --momentum has no effect with --optimizer adamw\n") !=
        std::string::npos);
  CHECK(strong.text.find("warning: --warmup-steps 100: the run has 2 steps") != std::string::npos);
  const Outcome quiet = run(train + quoted(folder / "b") + " 2>/dev/null )", "( ");
  CHECK(quiet.text.find("no effect") == std::string::npos);  // it was on standard error
  CHECK(read_text(folder / "a/config.toml").find("\nrecipe=\"strong\"\n") != std::string::npos);
}

TEST_CASE("train: --summary tells of the network, needs no data and leaves nothing") {
  const TemporaryFolder folder;
  const Outcome told =
      run("train --summary --model classic --depth 2 --base-width 4 --image 32 "
          "--num-classes 3 --out " +
          quoted(folder / "r"));
  CHECK(told.code == 0);
  CHECK(told.text.find("\ndec1.conv1                 conv2d 3x3 ") != std::string::npos);
  CHECK(told.text.find("32 x 32 x 3 ") != std::string::npos);
  CHECK(told.text.find("\na pixel of the result depends on 44 x 44 pixels of the image\n") !=
        std::string::npos);
  CHECK(told.text.find("\nmemory          a step of ") != std::string::npos);
  CHECK_FALSE(std::filesystem::exists(folder / "r"));
  is_one_error_line(run("train --summary --model classic --depth 9"), 2, "--depth");
}

TEST_CASE("train: a gamma that fades to a subnormal number ends well, and so does any number") {
  const TemporaryFolder folder;
  make_data(folder / "data");
  const Outcome faded =
      run("train --recipe paper --data " + quoted(folder / "data") +
          " --image 8 --depth 1 --base-width 2 --batch 1 --epochs 16 --weighting fixed "
          "--auxiliary cb_dice --batch-track-steps 0 --aux-lambda 5 --out " +
          quoted(folder / "run"));
  REQUIRE_MESSAGE(faded.code == 0, faded.text);
  CHECK(faded.text.find("no page is drawn") == std::string::npos);
  const std::string steps = read_text(folder / "run/steps.csv");
  CHECK_MESSAGE(steps.find("e-32") != std::string::npos, "no subnormal number was met");
  CHECK(run("train --resume " + quoted(folder / "run")).code == 0);
}

TEST_CASE(
    "model files: what is not a model of this program, or of another network, is refused by name") {
  const TemporaryFolder folder;
  UNetSpec spec;
  spec.depth = 1;
  spec.base_width = 2;
  const UNet<float> network(spec);
  save_model(folder / "m.safetensors", network, {});
  CHECK(load_model(folder / "m.safetensors").network().parameter_count() ==
        network.parameter_count());
  const Safetensors good = read_safetensors(folder / "m.safetensors");
  const auto refused = [&](const std::function<void(Safetensors&)>& change, const char* reason) {
    Safetensors bad = good;
    change(bad);
    write_safetensors(folder / "bad.safetensors", bad);
    CHECK_THROWS_WITH_AS(load_model(folder / "bad.safetensors"), Contains(reason), IoError);
  };
  refused([](Safetensors& f) { f.metadata.clear(); }, "no 'format'");
  refused([](Safetensors& f) { f.metadata["format"] = "pt"; }, "format is 'pt'");
  refused([](Safetensors& f) { f.metadata["version"] = "2"; },
          "version 2: this program reads up to 1");
  refused([](Safetensors& f) { f.metadata["network.classes"] = "3"; }, "'head.");
  refused([](Safetensors& f) { f.metadata["network.depth"] = "-1"; }, "'network.depth' is '-1'");
  refused([](Safetensors& f) { f.metadata["network.base_width"] = "1000"; },
          "too few for the network");
  refused([](Safetensors& f) { f.metadata["network.variant"] = "unetr"; },
          "[model] got 'unetr', expected paper, classic, residual or cmunext.");
  refused([](Safetensors& f) { f.tensors.erase("head.bias"); }, "no tensor 'head.bias'");
  refused([](Safetensors& f) { f.set("extra", Tensor<float>::zeros(Shape{1})); },
          "it holds 'extra'");
}

TEST_CASE("bench: every subcommand prints JSON lines; kernels are checked before they are timed") {
  const TemporaryFolder folder;
  const std::string header = "op,n,h,w,c_in,c_out,kernel,stride\n";
  write_text(folder / "shapes.csv",
             header +
                 "conv2d,1,9,8,3,5,3,1\nconv2d,2,16,17,9,8,3,2\n"
                 "conv_transpose2d,2,12,8,16,8,3,2\nbatch_norm2d,1,5,5,3,0,0,0\n"
                 "max_pool2d,1,7,7,3,0,2,2\nconcat,1,3,3,2,3,0,0\nlog_softmax,1,4,4,3,0,0,0\n"
                 "pixel_sums,1,4,4,3,0,0,0\n"
                 "adam,1,1,1,100,0,0,0\n");
  const auto lines_of = [](const Outcome& outcome) {
    REQUIRE_MESSAGE(outcome.code == 0, outcome.text);
    std::vector<nlohmann::json> lines;
    std::istringstream text(outcome.text);
    for (std::string line; std::getline(text, line);) lines.push_back(nlohmann::json::parse(line));
    return lines;
  };
  const auto ops = lines_of(run("bench ops --shapes " + quoted(folder / "shapes.csv")));
  CHECK(ops.size() == 1 + 9 + 2 * 5 + 1);  // peaks, convolutions, pairs, adam
  for (std::size_t i = 1; i < ops.size(); ++i) {
    CHECK_MESSAGE(ops[i]["error"].get<double>() <= 2e-5, ops[i].dump());
    CHECK(ops[i]["median_ms"].get<double>() >= 0.0);
  }
  // Cross-entropy, and every rule but famo, which takes two looks at a batch.
  CHECK(lines_of(run("bench dmf --batch 1 --image 16")).size() == weighting_rules().size());
  const auto loading = lines_of(run("bench loader --batch 2 --image 32 --augment flips"));
  REQUIRE(loading.size() == 1);
  CHECK(loading[0]["augment"] == "flip(p=0.5, axis=horizontal)");
  for (const char* rate :
       {"one_thread_images_per_s", "all_threads_images_per_s", "step_images_per_s"}) {
    CHECK(loading[0][rate] > 0.0);
  }
  CHECK(lines_of(run("bench step --batch 1 --image 16"))[0]["parameters"] == 1754338);

  const auto refused = [&](const std::string& content, const std::string& problem) {
    write_text(folder / "shapes.csv", content);
    is_one_error_line(run("bench ops --shapes " + quoted(folder / "shapes.csv")), 1, problem);
  };
  refused("conv2d,1,9,8,3,5,3,1\n", "the first line is 'conv2d");
  refused(header + "conv2d,1,9,x,3,5,3,1\n", "line 2: 'conv2d,1,9,x");
  refused(header + "conv2d,1,9,99999999999,3,5,3,1\n", "line 2");
  refused(header + "conv3d,1,9,9,3,5,3,1\n", "unknown op 'conv3d'");
  refused(header + "conv2d,1,9,9,0,5,3,1\n", "expected sizes of at least 1");
  refused(header + "conv2d,1,2,2,3,5,3,0\n", "expected a kernel and a stride");
  is_one_error_line(run("bench ops --shapes /nowhere"), 1, "cannot read /nowhere");
}

}  // namespace dmf
