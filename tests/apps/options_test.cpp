#include <doctest/doctest.h>
#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <set>
#include <sstream>

#include "apps/files/csv.h"
#include "apps/options/config_file.h"
#include "apps/options/option_conflicts.h"
#include "apps/page/plot.h"
#include "apps/support/help.h"
#include "apps/support/numbers.h"
#include "apps/support/option_values.h"
#include "engine/core/rng.h"
#include "tests/support/temporary_folder.h"
#include "tests/support/train_command.h"

// Options and numbers: what is wrong is said in words, and every number is read back.

namespace dmf {

namespace {

/// A program whose options are settings of every type.
struct SettingsCommand {
  Settings settings{
      {{.name = "steps", .initial = std::int64_t{3}, .help = "Some", .range = {1, 8}},
       {.name = "rate", .initial = 0.5, .help = "A part", .range = kFraction},
       {.name = "offset", .initial = 0.0, .help = "Any number"},
       {.name = "kind", .initial = std::string("a"), .help = "Which", .choices = {"a", "bcd"}},
       {.name = "place", .initial = std::string(""), .help = "Any text"},
       {.name = "fast", .initial = false, .help = "Whether"},
       {.name = "alphas",
        .initial = std::vector<double>{},
        .help = "Many",
        .range = kAtLeastZero}}};
  CLI::App app;

  explicit SettingsCommand(std::vector<std::string> words) {
    add_settings(app, "Group", settings);
    std::reverse(words.begin(), words.end());
    app.parse(words);
  }
};

std::string settings_refusal(const std::vector<std::string>& words) {
  try {
    const SettingsCommand command(words);
  } catch (const CLI::ParseError& error) {
    return error.what();
  }
  return "";
}

}  // namespace

TEST_CASE("add_settings: an option for each setting, in order, with its check, default and help") {
  const SettingsCommand initial({});
  CHECK(config_text(initial.app) == "steps=3\nrate=0.5\noffset=0\nkind=\"a\"\nfast=false\n");
  CHECK(initial.settings.list("alphas").empty());

  const SettingsCommand given({"--alphas", "0.25, 2", "--rate", "0.25", "--steps=8", "--kind",
                               "bcd", "--fast", "--offset=-3", "--place", "here"});
  CHECK(given.settings.whole("steps") == 8);
  CHECK(given.settings.number("rate") == 0.25);
  CHECK(given.settings.text("kind") == "bcd");
  CHECK(given.settings.text("place") == "here");
  CHECK(given.settings.flag("fast"));
  CHECK(given.settings.list("alphas") == std::vector{0.25, 2.0});
  CHECK(
      config_text(given.app) ==
      "steps=8\nrate=0.25\noffset=-3\nkind=\"bcd\"\nplace=\"here\"\nfast=true\nalphas=[0.25, 2]\n");
  CHECK_FALSE(SettingsCommand({"--fast", "--fast=false"}).settings.flag("fast"));

  CHECK(settings_refusal({"--steps", "9"}) ==
        "--steps: got '9', expected a whole number from 1 to 8");
  CHECK(settings_refusal({"--rate", "1"}) == "--rate: got '1', expected a number >= 0 and < 1");
  CHECK(settings_refusal({"--rate", "inf"}).find("expected") != std::string::npos);
  CHECK(settings_refusal({"--kind", "bcc"}) ==
        "--kind: got 'bcc', expected a, bcd: did you mean bcd?");
  CHECK(settings_refusal({"--alphas", "1,-1"}) == "--alphas: got '-1', expected a number >= 0");
  const std::string help = initial.app.help();
  for (const char* text : {"Group:", "--rate X:>= 0 and < 1", "A part", "--fast", "Whether"}) {
    CHECK_MESSAGE(help.find(text) != std::string::npos, text << help);
  }
}

TEST_CASE("options: what is wrong is said in words") {
  for (const char* text : {"1.0", "1e2", "two", "", "+3", "0x10", " 3", "99999999999"}) {
    CHECK_MESSAGE(refusal({"--epochs", text}).find("expected a whole number") != std::string::npos,
                  text);
  }
  CHECK(refusal({"--epochs", "0"}) ==
        "--epochs: got '0', expected a whole number from 1 to 1000000");
  CHECK(Command({"--epochs", "010"}).options.epochs == 10);
  for (const char* text : {"-1", "18446744073709551616", "99999999999999999999999", "0.5"}) {
    CHECK(
        refusal({"--seed", text}).find("expected a whole number from 0 to 18446744073709551615") !=
        std::string::npos);
  }
  CHECK(Command({"--seed", "18446744073709551615"}).options.seed == ~std::uint64_t{0});
  for (const char* text : {"0,1", "1e400", "", " 1", "1e", "0x1p3"}) {
    CHECK_MESSAGE(refusal({"--lr", text}).find("expected a number") != std::string::npos, text);
  }
  CHECK(refusal({"--losses", "cce,,focal"}).find("which has an empty entry") != std::string::npos);
  CHECK(refusal({"--losses", "cce,focal,cce"}) == "--losses: cce is given twice");
  CHECK(refusal({"--model", "clasic"}) ==
        "--model: got 'clasic', expected paper, classic, residual, cmunext: did you mean classic?");
  CHECK(Command({"--classes", "\"a,b\", c"}).options.data.dataset.classes ==
        std::vector<std::string>{"a,b", "c"});
  CHECK(refusal({"--data", ""}).find("got an empty text") != std::string::npos);
}

TEST_CASE("options: contradictions are refused, also between command line and file") {
  CHECK(refusal({"--fold", "1"}).find("give --folds or --folds-file") != std::string::npos);
  CHECK(refusal({"--folds", "5", "--split-file", "f"}).find("--folds and --split-file each") == 0);
  CHECK(refusal({"--folds-file", "f", "--split-file", "g"}).find("each say how") !=
        std::string::npos);
  CHECK(refusal({"--folds", "2"}).find("expected at least 3") != std::string::npos);
  CHECK(refusal({"--swa", "5", "--early-stop", "9"}) ==
        "--swa 5 averages the last epochs, to which --early-stop 9 may not come: give one of them");
  CHECK(refusal({"--folds", "4", "--fold", "5"}).find("from 1 to 4") != std::string::npos);
  const TemporaryFolder folder;
  const std::string path = (folder / "c.toml").string();
  write_text(path, "folds=5\n");
  CHECK(refusal({"--config", path, "--split-file", "f"}).find("each say how") != std::string::npos);
  CHECK(Command({"--config", path, "--fold", "5"}).options.split.fold == 5);
  write_text(path, config_text(Command({"--folds", "5", "--fold", "2"}).app));
  CHECK(refusal({"--config", path}).empty());
}

TEST_CASE("options: a loss may be a formula of losses, read back as it was written") {
  const Command command({"--losses", "0.5*focal + 0.5*tversky, cce", "--auxiliary=2*cb_dice"});
  CHECK(command.options.losses == std::vector<std::string>{"0.5*focal + 0.5*tversky", "cce"});
  const TrainOptions again = parse_config(config_text(command.app), "c.toml");
  CHECK(again.losses == command.options.losses);
  CHECK(again.auxiliary == "2*cb_dice");
  CHECK(refusal({"--losses", "cce,2*dice"}).find("at character 3: got 'dice', expected tp") !=
        std::string::npos);
  CHECK(refusal({"--losses", "cse"}).find("did you mean cce?") != std::string::npos);
  CHECK(refusal({"--losses", "cce+"}).find("'cce+' at character 5: got the end") !=
        std::string::npos);
  CHECK(refusal({"--auxiliary", "1/0*cce"}).find("at character 2: got what is not finite") !=
        std::string::npos);
  CHECK(refusal({"--auxiliary", "none+cce"}).find("got 'none'") != std::string::npos);
  const auto idle = [](const std::string& losses, const char* option) {
    const Command with({"--losses", losses, option});
    return without_effect(with.app, with.options, 1000000).size();
  };
  CHECK(idle("cce+2*focal", "--focal-gamma=2") == 0);
  CHECK(idle("cce+2*focal", "--smooth-dr=0") == 1);
  CHECK(idle("cce+2*focal", "--exclude-background") == 1);
  CHECK(idle("cce+2*tversky", "--exclude-background") == 0);
  // In parentheses, which then no option changes.
  CHECK(idle("cce+2*focal(gamma=1)", "--focal-gamma=2") == 1);
  CHECK(idle("focal,2*focal(gamma=1)", "--focal-gamma=2") == 0);
  CHECK(idle("1-tp/(n+1)", "--exclude-background") == 0);
  CHECK(idle("mean_dice(exclude_background=true)", "--exclude-background") == 1);
  CHECK(refusal({"--losses", "2*cce,2 * cce"}) == "--losses: 2*cce is given twice");
}

TEST_CASE("options: a comma in parentheses parts no losses; names of columns have no blanks") {
  const Command command({"--losses", "cce, focal(gamma=1, alpha=[0.2,0.8]) , max(fp, fn)/(n+1)",
                         "--auxiliary", "tversky( alpha = 1 )"});
  CHECK(command.options.losses ==
        std::vector<std::string>{"cce", "focal(gamma=1, alpha=[0.2,0.8])", "max(fp, fn)/(n+1)"});
  CHECK(command.options.loss_columns() ==
        std::vector<std::string>{"cce", "focal(gamma=1,alpha=[0.2,0.8])", "max(fp,fn)/(n+1)",
                                 "auxiliary_tversky(alpha=1)"});
  const TrainOptions again = parse_config(config_text(command.app), "c.toml");
  CHECK(again.losses == command.options.losses);
  CHECK(split_list("a(b,c),d(e,(f,g)),h(i,j") ==
        std::vector<std::string>{"a(b,c)", "d(e,(f,g))", "h(i", "j"});
  CHECK(split_list(join_list({"a(b", "c)", "d(e,f)"})) ==
        std::vector<std::string>{"a(b", "c)", "d(e,f)"});
  CHECK(join_list({"a(b,c)", "d"}) == "a(b,c),d");
}

TEST_CASE("options: a weighting may be a formula, read back as it was written") {
  const Command command({"--weighting", "softmax(-slope(window(10))/0.1)"});
  CHECK(parse_config(config_text(command.app), "c.toml").fusion.weighting ==
        "softmax(-slope(window(10))/0.1)");
  CHECK(refusal({"--weighting", "varience"}).find("did you mean variance?") != std::string::npos);
  CHECK(refusal({"--weighting", "softmax(window(3))"}) ==
        "--weighting: 'softmax(window(3))' at character 9: got a series in softmax, expected one "
        "number a loss");
  const auto idle = [](const std::string& weighting, const char* option) {
    const Command with({"--weighting", weighting, option});
    return without_effect(with.app, with.options, 1000000).size();
  };
  CHECK(idle("1/loss", "--dwa-temperature=3") == 1);
  CHECK(idle("var(window())", "--history-size=60") == 0);
  CHECK(idle("weights", "--history-size=60") == 1);
}

TEST_CASE("options: what bears on the result, may change on resume, may vary in a grid") {
  const Command command({});
  std::set<std::string> not_of_result, changing, fixed, paths;
  for (const CLI::Option* option : command.app.get_options()) {
    const std::string name = option->get_lnames().empty() ? "" : option->get_lnames().front();
    const Nature& nature = nature_of(name);
    if (nature.bears_on != BearsOn::result) not_of_result.insert(name);
    if (nature.may_change_on_resume) changing.insert(name);
    if (!nature.may_vary) fixed.insert(name);
    if (nature.is_path) paths.insert(name);
  }
  using Names = std::set<std::string>;
  CHECK(not_of_result == Names{"cache-mb", "checkpoint-every", "data", "folds-file", "group-by",
                               "groups", "record-gradients", "skip-broken", "split-file",
                               "tensorboard", "wait-limit"});
  CHECK(changing == Names{"data", "device", "precision", "wait-limit"});
  CHECK(fixed == Names{"auxiliary", "cache-mb", "checkpoint-every", "data", "fold", "folds-file",
                       "recipe", "record-gradients", "seed", "set-aside", "skip-broken",
                       "split-file", "split-seed", "tensorboard", "wait-limit", "weighting"});
  CHECK(paths == Names{"data", "folds-file", "groups", "init-from", "split-file"});
}

TEST_CASE("options: what has no effect is said, what a recipe sets is not") {
  const auto idle = [](std::vector<std::string> words, std::int64_t steps = 1000000) {
    const Command command(std::move(words));
    return without_effect(command.app, command.options, steps);
  };
  CHECK(idle({}).empty());
  CHECK(idle({"--recipe", "paper"}).empty());
  CHECK(idle({"--recipe", "quick"}).empty());
  for (const char* option :
       {"--momentum=0.9", "--nesterov", "--precision=tf32", "--bilateral-d=5", "--focal-gamma=2",
        "--tversky-beta=0.3", "--cb-dice-balance=complement", "--aux-gamma0=5",
        "--softadapt-beta=1", "--cov-decay=0", "--history-size=50"}) {
    const std::vector<std::string> lines = idle({option});
    REQUIRE_MESSAGE(lines.size() == 1, option);
    const std::string name = std::string(option).substr(0, std::string(option).find('='));
    CHECK_MESSAGE(lines[0].starts_with(name + " has no effect "), lines[0]);
  }
  CHECK(idle({"--momentum=0.9", "--optimizer=sgd"}).empty());
  CHECK(idle({"--ignore-index", "1", "--num-classes", "2"}).at(0).find("is a class") !=
        std::string::npos);
  CHECK(idle({"--ignore-index", "255"}).empty());
  const std::vector<std::string> few = idle({}, 10);  // as many are too few for any recipe
  REQUIRE(few.size() == 1);
  CHECK(few[0].find("--warmup-steps 100: the run has 10 steps") == 0);
  CHECK(idle({"--swa", "5"}).empty());
  CHECK(idle({"--swa", "5", "--ema", "0.9"}) ==
        std::vector<std::string>{"--ema has no effect with --swa"});
  CHECK(idle({"--warmup-steps", "0"}, 10).empty());
  CHECK(idle({"--ema", "0.999999"}, 10).at(0).find("averages over 1000000 steps") !=
        std::string::npos);
}

TEST_CASE("numbers: every double and every float that is written is read back, by all readers") {
  Rng rng(5, 1);
  std::vector<double> values = {0.0,
                                -0.0,
                                5e-324,
                                -5e-324,
                                std::numeric_limits<double>::min(),
                                std::numeric_limits<double>::max(),
                                std::numeric_limits<double>::lowest(),
                                1e-310,
                                std::numeric_limits<float>::denorm_min(),
                                std::numeric_limits<float>::max()};
  for (int i = 0; i < 20000; ++i) {
    const auto bits = static_cast<std::uint64_t>(rng.below(std::size_t{1} << 32)) << 32 |
                      rng.below(std::size_t{1} << 32);
    values.push_back(std::bit_cast<double>(bits));
    values.push_back(std::bit_cast<double>(bits & 0x800fffffffffffffu));  // subnormal
    values.push_back(std::bit_cast<float>(static_cast<std::uint32_t>(bits)));
  }
  std::string csv = "x\n";
  std::vector<double> finite;
  for (const double value : values) {
    const std::optional<double> read = parse_number(fmt::format("{}", value));
    REQUIRE(read.has_value());
    if (std::isnan(value)) {
      REQUIRE(std::isnan(*read));
      continue;
    }
    REQUIRE(std::bit_cast<std::uint64_t>(*read) == std::bit_cast<std::uint64_t>(value));
    if (std::isinf(value)) continue;
    REQUIRE(std::isfinite(rounded(value, 5)));
    REQUIRE(std::abs(rounded(value, 5) - value) <= 1e-4 * std::abs(value) + 5e-324);
    csv += fmt::format("{}\n", value);
    finite.push_back(value);
  }
  const CsvTable table = parse_csv(csv, "t");
  REQUIRE(table.rows.size() == finite.size());
  for (std::size_t i = 0; i < finite.size(); ++i) REQUIRE(table.number(i, "x") == finite[i]);
  for (const bool log : {false, true}) {  // drawn, whatever the numbers
    const std::string svg = plot_svg({.title = "t",
                                      .x = "x",
                                      .y = "y",
                                      .series = {{"s", finite, finite}},
                                      .log_x = log,
                                      .log_y = log});
    CHECK(svg.find("nan") == std::string::npos);
    CHECK(svg.find("inf") == std::string::npos);
  }
  CHECK(loss_text(0.25) == "0.250");
  CHECK(loss_text(-std::numeric_limits<double>::quiet_NaN()) == "nan");
  CHECK(loss_text(6.8539e31) == "6.854e+31");
}

TEST_CASE("help: no line is wider than the terminal, every option and default is there") {
  TrainOptions options;
  CLI::App app("Trains.", "train");
  bind_options(app, options, kTrainRecipe);
  for (const int width : {40, 60, 80, 132}) {
    const std::string text = help_text(app, "train", width);
    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line);) {
      CHECK_MESSAGE(static_cast<int>(line.size()) <= width, line);
    }
    for (const CLI::Option* option : app.get_options()) {
      CHECK(text.find(option->get_name(false, true)) != std::string::npos);
    }
  }
  const std::string text = help_text(app, "train", 80);
  CHECK(text.find("default 0.002") != std::string::npos);
  CHECK(text.find("Defaults below are those of") != std::string::npos);
  CHECK(text.find("from 0 to 8; default 4") != std::string::npos);
}

TEST_CASE("nearest_name: a slip is named, another word is not") {
  const std::vector<std::string> names = {"epochs", "seed", "split-seed", "weight-decay", "lr"};
  CHECK(nearest_name("epoch", names) == "epochs");
  CHECK(nearest_name("Epochs", names) == "epochs");
  CHECK(nearest_name("weight_decay", names) == "weight-decay");
  CHECK(nearest_name("sede", names) == "seed");
  CHECK(nearest_name("weight", names) == "weight-decay");
  CHECK(nearest_name("rl", names) == "lr");
  CHECK(nearest_name("banana", names).empty());
  CHECK(nearest_name("", names).empty());
}

}  // namespace dmf
