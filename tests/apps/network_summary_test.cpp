#include "apps/run/network_summary.h"

#include <doctest/doctest.h>

#include <limits>
#include <sstream>

#include "apps/page/page.h"
#include "apps/report/network_figure.h"
#include "apps/support/text.h"
#include "tests/support/small_networks.h"

namespace dmf {
namespace {

using doctest::Contains;

NetworkTrace traced(const NetworkSpec& spec, Index height, Index width) {
  return trace_network(*make_network<float>(spec), height, width);
}

}  // namespace

TEST_CASE("network summary: a U-Net's stages, what they read and hold") {
  NetworkSpec spec = network_spec("classic");
  spec.settings.set("depth", std::int64_t{2});
  spec.settings.set("base-width", std::int64_t{4});
  spec.settings.set("deep-supervision", std::int64_t{1});
  const std::vector<NetworkStage> stages = stages_of(traced(spec, 16, 32));
  REQUIRE(stages.size() == 5);
  using Places = std::vector<std::size_t>;
  const auto is = [&](std::size_t k, const char* name, Index height, Index width, Index channels,
                      Index convolutions, const Places& reads) {
    CAPTURE(k);
    CHECK(stages[k].name == name);
    CHECK(stages[k].height == height);
    CHECK(stages[k].width == width);
    CHECK(stages[k].channels == channels);
    CHECK(stages[k].convolutions == convolutions);
    CHECK(stages[k].reads == reads);
  };
  is(0, "enc0", 16, 32, 4, 2, {});
  is(1, "enc1", 8, 16, 8, 2, {0});
  is(2, "mid", 4, 8, 16, 2, {1});
  is(3, "dec1", 8, 16, 8, 3, {1, 2});
  is(4, "dec0", 16, 32, 2, 4, {0, 3});  // with the head; deep1 is not on the way
  CHECK(stages[0].parameters == 9 * 4 + 4 + 9 * 16 + 4 + 2 * 8);
}

TEST_CASE("network summary: of every network a table of lines that fit, with all parameters") {
  for (const NetworkSpec& spec : small_network_specs()) {
    CAPTURE(spec.name);
    const NetworkTrace trace = traced(spec, 20, 20);
    const std::string table = network_table(trace);
    std::istringstream lines(table);
    std::size_t count = 0;
    for (std::string line; std::getline(lines, line); ++count) {
      CAPTURE(line);
      CHECK(line.size() <= 80);
      CHECK(line.back() != ' ');
    }
    CHECK(count == trace.ops.size() + 4);
    CHECK(table.find("parameters      " + grouped(parameter_count(spec)) + "\n") !=
          std::string::npos);
    const std::vector<NetworkStage> stages = stages_of(trace);
    CHECK(stages.back().channels == spec.classes);
    for (std::size_t k = 0; k < stages.size(); ++k) {
      for (const std::size_t from : stages[k].reads) CHECK(from < k);
    }
  }
}

TEST_CASE("network figure: the stages drawn and tabled, every layer behind them") {
  TrainOptions options;
  options.data.masks.classes = 2;
  options.data.preprocess.size = 32;
  Page page;
  add_network(page, options);
  REQUIRE(page.sections.size() == 1);
  const std::string& body = page.sections[0].body;
  const std::vector<NetworkStage> stages = stages_of(traced(options.network_spec(), 32, 32));
  std::size_t blocks = 0;
  for (std::size_t at = body.find("<rect"); at != std::string::npos;
       at = body.find("<rect", at + 1))
    ++blocks;
  CHECK(blocks == stages.size());
  for (const NetworkStage& stage : stages) {
    CHECK(body.find("<td>" + grouped(stage.parameters) + "</td>") != std::string::npos);
  }
  CHECK(page.sections[0].note.find(grouped(parameter_count(options.network_spec()))) !=
        std::string::npos);
  CHECK(body.find("dec0.up") != std::string::npos);
  CHECK(body.find("=\"-") == std::string::npos);  // nothing left of or above the drawing
}

TEST_CASE("text: digits in groups of three") {
  CHECK(grouped(0) == "0");
  CHECK(grouped(-999) == "-999");
  CHECK(grouped(1000) == "1,000");
  CHECK(grouped(-1234567) == "-1,234,567");
  CHECK(grouped(std::numeric_limits<std::int64_t>::min()) == "-9,223,372,036,854,775,808");
}

}  // namespace dmf
