#include <doctest/doctest.h>

#include <cstdlib>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "apps/data/augmentation/composition.h"
#include "dmf/gram_rules/weighting_rules.h"
#include "engine/core/choice.h"
#include "engine/io/atomic_file.h"
#include "engine/optim/optimizers.h"
#include "layers/networks/networks.h"
#include "losses/registry.h"

// What README and the page of augmentations say of the tables that things are chosen from is made of the tables: `./dev docs` has
// this test write it, and everywhere else it compares.

namespace dmf {
namespace {

std::string with_commas(Index number) {
  std::string digits = std::to_string(number);
  for (std::size_t at = digits.size(); at > 3; at -= 3) digits.insert(at - 3, ",");
  return digits;
}

template <class Table>
std::string line(const std::string& what, const Table& table) {
  std::string text;
  for (const std::string& name : names_of(table)) text += (text.empty() ? "`" : ", `") + name + "`";
  return "- " + what + ": " + text + "\n";
}

std::string choices() {
  std::string text;
  for (const NetworkEntry& network : networks()) {
    const Index count = parameter_count(network_spec(network.name));
    text += std::string(text.empty() ? "" : ", ") + "`" + std::string(network.name) + "` (" +
            with_commas(count) + " parameters)";
  }
  return "- Networks (`--model`): " + text + "\n" +
         line("Losses (`--losses`, `--auxiliary`)", losses()) +
         line("Weighting (`--weighting`)", weighting_rules()) +
         line("Optimisers (`--optimizer`)", optimizers()) +
         line("Augmentation (`--augment`), by name or [composed](apps/data/AUGMENTATION.md)",
              named_compositions());
}

std::string compositions() {
  std::string text = "| Named | means | in full |\n| --- | --- | --- |\n";
  for (const NamedComposition& named : named_compositions()) {
    text += "| `" + std::string(named.name) + "` | " + std::string(named.help) + " | `" +
            parse_composition(named.name).text() + "` |\n";
  }
  return text;
}

std::string transform_table() {
  std::string text =
      "| Transform | setting | default | takes | what it is |\n| --- | --- | --- | --- | --- |\n";
  for (const Transform* transform : transforms()) {
    const Composition alone = parse_composition(transform->name);
    const std::string written = alone.text();
    text += "| **`" + std::string(transform->name) + "`** | | | | " + std::string(transform->help) +
            " |\n";
    for (const TransformSetting& setting : settings_of(*transform)) {
      const std::size_t from = written.find(setting.name + "=") + setting.name.size() + 1;
      const bool is_word = std::holds_alternative<std::string>(setting.initial);
      text += "| | `" + setting.name + "` | `" +
              written.substr(from, written.find_first_of(",)", from) - from) + "` | " +
              (is_word ? any_of_text(setting.choices) : setting.range.str()) + " | " +
              setting.help + (setting.unit.empty() ? "" : " (" + setting.unit + ")") + " |\n";
    }
  }
  return text;
}

/// The part of a page behind "<!-- WHAT are generated -->" is this text, or becomes it.
void check_part(const std::string& page, const std::string& what, const std::string& made) {
  const std::string path = DMF_SOURCES "/" + page;
  std::ifstream file(path);
  std::ostringstream read;
  read << file.rdbuf();
  std::string text = read.str();
  const std::string begin = "<!-- " + what + " are generated -->\n";
  const std::size_t first = text.find(begin);
  REQUIRE(first != std::string::npos);
  const std::size_t from = first + begin.size(), to = text.find("<!-- end -->", from);
  REQUIRE(to != std::string::npos);
  const bool is_current = text.substr(from, to - from) == made;
  if (std::getenv("DMF_WRITE_DOCS") == nullptr) {
    CHECK_MESSAGE(is_current, page, " is older than the tables: ./dev docs writes it anew");
  } else if (!is_current) {
    write_file_atomically(path, text.replace(from, to - from, made));
  }
}

}  // namespace

TEST_CASE("README: has every network, loss, weighting rule and optimiser from their tables") {
  check_part("README.md", "choices", choices());
}

TEST_CASE("README: the page of augmentations has every transform with its settings") {
  check_part("apps/data/AUGMENTATION.md", "compositions", compositions());
  check_part("apps/data/AUGMENTATION.md", "transforms", transform_table());
}

}  // namespace dmf
