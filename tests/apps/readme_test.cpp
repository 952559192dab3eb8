#include <doctest/doctest.h>

#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "dmf/gram_rules/weighting_rules.h"
#include "engine/core/choice.h"
#include "engine/optim/optimizers.h"
#include "layers/networks.h"
#include "losses/registry.h"

namespace dmf {
namespace {

std::string joined(const std::vector<std::string>& names) {
  std::string text;
  for (const std::string& name : names) text += name + " ";
  return text;
}

/// All words in backticks of the README's sentence that begins so, each with a blank behind it.
std::string named_in_sentence(const std::string& beginning) {
  std::ifstream file(DMF_SOURCES "/README.md");
  std::ostringstream text;
  text << file.rdbuf();
  const std::string readme = text.str();
  const std::size_t first = readme.find(beginning);
  REQUIRE_MESSAGE(first != std::string::npos, beginning);
  bool inside = false;
  std::string names;
  for (std::size_t at = first; at < readme.size(); ++at) {
    const char c = readme[at] == '\n' ? ' ' : readme[at];
    if (!inside && c == '.' && (readme[at + 1] == ' ' || readme[at + 1] == '\n')) break;
    if (c == '`') inside = !inside;
    if (inside && c != '`') names += c;
    if (!inside && c == '`') names += ' ';
  }
  return names;
}

}  // namespace

TEST_CASE(
    "README: names every network, loss, weighting rule and optimiser, in the order of their tables") {
  CHECK(named_in_sentence("Networks: ") == joined(names_of(networks())));
  CHECK(named_in_sentence("Losses: ") == joined(names_of(losses())));
  CHECK(named_in_sentence("Weighting: ") == joined(names_of(weighting_rules())));
  CHECK(named_in_sentence("Optimisers: ") == joined(names_of(optimizers())));
}

}  // namespace dmf
