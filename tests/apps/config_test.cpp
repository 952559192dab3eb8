#include <doctest/doctest.h>

#include <fmt/format.h>
#include <regex>

#include <cmath>
#include <map>

#include "apps/options/config_file.h"
#include "apps/options/config_lines.h"
#include "apps/support/option_set.h"
#include "apps/support/option_values.h"
#include "engine/core/check.h"
#include "engine/core/rng.h"
#include "tests/support/random_text.h"
#include "tests/support/temporary_folder.h"
#include "tests/support/train_command.h"

// Configuration files and recipes: what is written is read back, what is wrong is said with its
// line, and what older versions wrote means what it meant.

namespace dmf {
namespace {

using doctest::Contains;

void is_refused_config(const std::string& text, const std::string& reason) {
  CHECK_THROWS_WITH_AS(parse_config(text, "c.toml"), Contains(reason.c_str()), IoError);
}

/// A run's configuration as the last version without recipes wrote it.
std::string older_config(const std::string& data, const std::string& seed) {
  return "data=" + data +
         "\nclasses=[\"benign\", \"malignant\"]\nfirst-mask-only=false\nnum-classes=2\n"
         "mask-threshold=0.5\nskip-broken=false\ncache-mb=2048\nimage=16\nchannels=1\n"
         "resize=\"linear\"\nfit=\"squash\"\nbilateral=false\nbilateral-d=5\n"
         "bilateral-sigma-space=2\nbilateral-sigma-range=0.1\nbilateral-square=false\nclahe=false\n"
         "clahe-clip=2\nclahe-tiles=8\nstandardise=false\n"
         "split=\"random\"\nsplit-seed=0\nfolds=0\nfold=1\nduplicate-threshold=0.97\n"
         "augment=\"none\"\nmodel=\"paper\"\ndepth=1\nbase-width=2\ndropout=0\nbn-eps=1e-05\n"
         "bn-momentum=0.1\nepochs=1\nbatch=4\noptimizer=\"adam\"\nlr=+0.001\nmomentum=0.9\n"
         "nesterov=false\nweight-decay=0\nschedule=\"cosine\"\nwarmup-steps=0\n"
         "final-lr-fraction=0\nclip-norm=0\nema=0\ncheckpoint-every=0\nskip-not-finite=false\n"
         "record-gradients=false\ntensorboard=false\ndevice=\"cpu\"\nprecision=\"tf32\"\nseed=" +
         seed +
         "\nlosses=[\"cce\", \"mean_iou\", \"mean_dice\"]\nauxiliary=\"none\"\n"
         "weighting=\"variance\"\nhistory-size=010\nhistory-size-max=150\nweight-averaging=0\n"
         "weight-max-change=0\nsoftadapt-variant=\"original\"\nsoftadapt-beta=0.1\n"
         "softadapt-order=1\ncov-decay=0\naux-gamma0=5\naux-lambda=0.05\nbatch-track-steps=100\n"
         "focal-gamma=2\nfocal-alpha=[0.25]\ntversky-alpha=0.7\ntversky-beta=0.3\n"
         "tversky-smooth=1e-07\nsmooth-nr=0\nsmooth-dr=1e-07\ncb-dice-balance=\"complement\"\n"
         "reduction=\"batch\"\nexclude-background=false\nignore-index=-1\n"
         "class-weights=[1, 2]\n";
}

}  // namespace

TEST_CASE("settings: every text is read back to the last byte, alone and in a list") {
  Rng rng(1, 1);
  for (int round = 0; round < 20000; ++round) {
    const std::vector<std::string> texts = {random_text(rng), random_text(rng), random_text(rng)};
    const std::string file = fmt::format("a={}\r\nlist = {} # b\n\n  c\t=\t{}", to_toml(texts[0]),
                                         to_toml(texts), to_toml(texts[2]));
    const std::vector<ConfigLine> settings = parse_settings(file, "f", Quotes::toml);
    REQUIRE(settings.size() == 3);
    REQUIRE_MESSAGE(settings[0].values.front() == texts[0], file);
    REQUIRE_MESSAGE(settings[1].values == texts, file);
    REQUIRE_MESSAGE(settings[2].values.front() == texts[2], file);
    REQUIRE(split_list(join_list(texts)) == texts);
  }
  CHECK(to_toml("\x01\n\"") == R"("\u0001\n\"")");
}

TEST_CASE("config: every text and list option reads back what it was given") {
  Rng rng(2, 1);
  for (int round = 0; round < 100; ++round) {
    Command given({});
    std::size_t set = 0;
    for (CLI::Option* option : given.app.get_options()) {
      if (!option->get_configurable() || option->get_type_name().find("TEXT") != 0) continue;
      const bool chosen_from = option->get_type_name().find(':') != std::string::npos;
      if (chosen_from) continue;  // names
      std::vector<std::string> texts = {random_text(rng)};
      if (is_list(*option)) texts.push_back(random_text(rng));
      option->add_result(is_list(*option) ? join_list(texts) : texts.front());
      option->run_callback();
      ++set;
    }
    CHECK(set >= 5);  // data, folds-file, split-file, device, classes
    const std::string text = config_text(given.app);
    const TrainOptions read = parse_config(text, "c.toml");
    REQUIRE_MESSAGE(read.data.folder == given.options.data.folder, text);
    REQUIRE_MESSAGE(read.split.folds_file == given.options.split.folds_file, text);
    REQUIRE_MESSAGE(read.split.split_file == given.options.split.split_file, text);
    REQUIRE_MESSAGE(read.data.dataset.classes == given.options.data.dataset.classes, text);
    REQUIRE(with_options(text, {}) == text);
  }
}

TEST_CASE("config: an augmentation stands there in full, whatever its name comes to mean") {
  const std::string flips = "augment=\"flip(p=0.5, axis=horizontal)\"\n";
  const Command given({"--augment", "flips"});
  CHECK(given.options.augment == "flips");
  CHECK(config_text(given.app).find(flips) != std::string::npos);
  const std::string of_recipe = config_text(Command({"--recipe", "strong"}).app);
  CHECK(of_recipe.find("augment=\"flip(p=0.5, axis=horizontal), affine(p=0.8, rotate=-20:20, ") !=
        std::string::npos);
  CHECK(with_options(of_recipe, {{"augment", "flips"}}).find(flips) != std::string::npos);
  CHECK(config_text(Command({"--augment", "none"}).app).find("augment=\"none\"\n") !=
        std::string::npos);
  CHECK(parse_config("augment=flips", "c").augment == "flips");  // as older versions wrote it
  is_refused_config("augment=\"flip, gama\"",
                    "c.toml line 1: augment: character 7: got 'gama', expected none, flips");
  CHECK_THROWS_WITH_AS(with_options("", {{"augment", "flip("}}), Contains("character 6: got no"),
                       IoError);
}

TEST_CASE("config: every number option reads back any number that it takes") {
  Rng rng(3, 1);
  for (int round = 0; round < 200; ++round) {
    Command given({});
    std::map<std::string, std::string> texts;
    for (CLI::Option* option : given.app.get_options()) {
      const std::string type = option->get_type_name();
      if (!option->get_configurable() || (type[0] != 'N' && type[0] != 'X')) continue;
      const std::string key = option->get_lnames().front();
      std::string text = value_text(std::ldexp(rng.uniform(), -static_cast<int>(rng.below(1070))));
      if (type[0] == 'N') text = value_text(1 + rng.below(8));
      option->add_result(text);
      try {
        option->run_callback();
        texts[key] = text;
      } catch (const CLI::ParseError&) {
        option->clear();
      }
    }
    CHECK(texts.size() > 30);
    const std::string config = config_text(given.app);
    const TrainOptions read = parse_config(config, "c");
    CHECK(read.lr == given.options.lr);
    CHECK(read.loss.number("tversky-alpha") == given.options.loss.number("tversky-alpha"));
    CHECK(read.seed == given.options.seed);
    for (const ConfigLine& setting : parse_settings(config, "c", Quotes::toml)) {
      if (texts.contains(setting.key)) CHECK(setting.values.front() == texts[setting.key]);
    }
  }
}

TEST_CASE("config: marks, line ends, comments, blanks, values without quotes") {
  const TrainOptions o = parse_config(
      "\xef\xbb\xbf# a comment\r\n\r\n  data = 'C:\\new # one'  # another\r\nlr=0.5\r"
      "losses = [ 'cce' ,\n  \"mean_dice\", # and\n ]\nmodel = paper\n\"epochs\" = 7\n"
      "class-weights = 1, 2\nnesterov = true\ninitial-weights = []",
      "c.toml");
  CHECK(o.data.folder == "C:\\new # one");
  CHECK(o.lr == 0.5);
  CHECK(o.losses == std::vector<std::string>{"cce", "mean_dice"});
  CHECK(o.model == "paper");
  CHECK(o.epochs == 7);
  CHECK(o.loss.list("class-weights") == std::vector<double>{1.0, 2.0});
  CHECK(o.optimizer_settings.flag("nesterov"));
  CHECK(parse_config("data=\"\\u00e9\\U0001F9BA\\t\"", "c").data.folder ==
        "\xc3\xa9\xf0\x9f\xa6\xba\t");
}

TEST_CASE("config: what is wrong is said with file, line, key and what was expected") {
  is_refused_config("\n\nlr=0.1\n\n\n\nepoch=3\n",
                    "c.toml line 7: train has no option 'epoch': did you mean 'epochs'?");
  is_refused_config("weight_decay=0", "did you mean 'weight-decay'?");
  is_refused_config("lr=0.1\nseed=3\nlr=0.2\n", "line 3: 'lr' is given in line 1 already");
  is_refused_config("batch=4\nepochs=two", "line 2: epochs: got 'two', expected a whole number");
  is_refused_config("epochs=0", "line 1: epochs: got '0', expected a whole number from 1 to");
  is_refused_config("epochs=1.0", "got '1.0', expected a whole number");
  is_refused_config("lr=0,001", "lr: got '0,001', expected a number");
  is_refused_config("lr=[0.1, 0.2]", "lr takes one value, not a list");
  is_refused_config("losses=[]", "losses is empty");
  is_refused_config("losses=['cce', '']", "empty entry");
  is_refused_config("losses=['cce', 'dice']", "got 'dice', expected");
  is_refused_config("losses=['cce'", "the list of line 1 does not end");
  is_refused_config("losses=['cce' 'focal']", "expected ',' or ']' in the list");
  is_refused_config("nesterov=maybe", "nesterov: got 'maybe', expected true or false");
  is_refused_config("model=resnet", "model: got 'resnet', expected paper, classic");
  is_refused_config("[train]\nlr=0.1", "line 1: '[train]' begins a section: leave it out");
  is_refused_config("{\"lr\": 0.1}", "this is JSON");
  is_refused_config("lr: 0.1", "'lr: 0.1' is YAML: expected KEY = VALUE");
  is_refused_config("lr", "got 'lr', expected KEY = VALUE");
  is_refused_config("lr=", "line 1: a value is missing");
  is_refused_config("data='a", "a quote ' does not end");
  is_refused_config("data=\"a\nb\"", "line 1: a quote \" does not end");
  is_refused_config("data=\"C:\\new\\q\"", "'\\q' means nothing: write a backslash as \\\\");
  is_refused_config("data=\"\\ud800\"", "is no character");
  is_refused_config("data='a' b", "expected nothing behind the value, got 'b'");
  is_refused_config("data='a\x01'", "a control character has to be written as \\u0001");
  is_refused_config(std::string("l\0r\0=\0", 6), "is UTF-16: save it as UTF-8");
  is_refused_config("\xff\xfel", "is UTF-16");
  is_refused_config("threads=2", "has no option 'threads'");
  is_refused_config("config='x'", "train takes 'config' from no file");
  CHECK_THROWS_WITH_AS(with_options("lr=0.1\n", {{"epoch", "3"}}),
                       Contains("did you mean 'epochs'?"), IoError);
  CHECK_THROWS_AS(with_options("lr=0.1\n", {{"losses", "cce,,focal"}}), IoError);
}

TEST_CASE("recipes: named values, under the file and the command line") {
  CHECK(Command({}).options.model == "classic");
  CHECK(Command({}).options.losses == std::vector<std::string>{"cce", "mean_dice"});
  CHECK(Command({}).options.recipe == "strong");
  CHECK(Command({}, kGridRecipe).options.fusion.weighting == "variance");
  CHECK(refusal({"--recipe", "stron"}).find("did you mean strong?") != std::string::npos);

  // The recipe `paper` is what the options' own defaults are.
  TrainOptions unset;
  CLI::App app;
  OptionSet set(app);
  bind_data_options(set, unset);
  unset.bind_fusion(set);
  for (const auto& setting : recipe_settings("paper")) {
    const CLI::Option* option = app.get_option_no_throw("--" + setting.first);
    if (option != nullptr) {
      CHECK_MESSAGE(option->get_default_str() == setting.second, setting.first);
    }
  }
  const TrainOptions paper = Command({"--recipe", "paper"}).options;
  CHECK(paper.lr == unset.lr);
  CHECK(paper.epochs == unset.epochs);
  CHECK(paper.optimizer == unset.optimizer);
  CHECK(paper.losses == unset.losses);
  CHECK(paper.ema == unset.ema);

  const TemporaryFolder folder;
  const std::string path = (folder / "c.toml").string();
  write_text(path, "recipe = 'quick'\nepochs = 3\nlr = 0.5\n");
  const Command mixed({"--config", path, "--lr", "0.25"});
  CHECK(mixed.options.recipe == "quick");
  CHECK(mixed.options.epochs == 3);
  CHECK(mixed.options.lr == 0.25);
  CHECK(mixed.options.auxiliary == "cb_dice");
  const std::string described =
      std::regex_replace(describe_recipe(mixed.app), std::regex("\\s+"), " ");
  CHECK(described.find("quick: image 128") != std::string::npos);
  CHECK(described.find("; set otherwise: epochs 3, lr 0.25") != std::string::npos);
  CHECK(describe_recipe(Command({}).app).find("set otherwise") == std::string::npos);
  CHECK(Command({"--config", path, "--recipe", "paper"}).options.auxiliary == "none");
  const std::string text = config_text(mixed.app);
  CHECK(text.starts_with("recipe=\"quick\"\n"));
  CHECK(parse_config(text, "c").lr == 0.25);
  CHECK(parse_config("epochs=3", "c").recipe == "strong");  // written by hand, in part
}

TEST_CASE("config: what a run's file lacks became an option since, and is as it was before") {
  const std::string strong = config_text(Command({}).app);
  CHECK(parse_config(strong, "c").tuned_inference);
  const std::string line = "inference=\"validation\"\n";
  REQUIRE(strong.find(line) != std::string::npos);
  std::string former = strong;
  former.erase(former.find(line), line.size());
  CHECK(parse_config(former, "c").recipe == "strong");
  CHECK_FALSE(parse_config(former, "c").tuned_inference);
  const TemporaryFolder folder;
  write_text(folder / "c.toml", former);
  CHECK_FALSE(Command({"--config", (folder / "c.toml").string()}).options.tuned_inference);
  write_text(folder / "c.toml", "recipe=\"strong\"\n");  // by hand
  CHECK(Command({"--config", (folder / "c.toml").string()}).options.tuned_inference);
}

TEST_CASE("config: of a run before there were recipes, all means what it meant") {
  const TrainOptions o = parse_config(older_config("\"C:\\new\\table\"", "-1"), "c.toml");
  CHECK(o.recipe == "paper");
  CHECK(o.data.folder == "C:\\new\\table");
  CHECK(!o.data.preprocess.keep_aspect);
  CHECK(o.seed == ~std::uint64_t{0});
  CHECK(o.fusion.history_size == 8);  // 010, as C reads it
  CHECK(o.lr == 0.001);
  CHECK(o.loss.list("class-weights") == std::vector<double>{1.0, 2.0});
  CHECK(parse_config(older_config("'a\"b'", "99999999999999999999"), "c").data.folder == "a\"b");
  CHECK(parse_config(older_config("'a\"b'c # d'  # e", "1"), "c").data.folder == "a\"b'c # d");
  CHECK(parse_config(older_config("2023", "1"), "c").data.folder == "2023");
  // What is written of it is read back the same.
  const TemporaryFolder folder;
  const std::string path = (folder / "c.toml").string();
  write_text(path, older_config("'a\"b'c'", "-1"));
  const Command again({"--config", path, "--epochs", "2"});
  const TrainOptions read = parse_config(config_text(again.app), "c");
  CHECK(read.data.folder == "a\"b'c");
  CHECK(read.seed == ~std::uint64_t{0});
  CHECK(read.epochs == 2);
  CHECK(read.recipe == "paper");
}

}  // namespace dmf
