#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "apps/oracle/reference_case.h"
#include "apps/support/program.h"
#include "engine/core/check.h"

namespace {

namespace fs = std::filesystem;

/// The files given, and every .safetensors below the folders given, sorted.
std::vector<fs::path> expand(const std::vector<std::string>& inputs) {
  std::vector<fs::path> files;
  for (const std::string& input : inputs) {
    if (!fs::is_directory(input)) {
      files.emplace_back(input);
      continue;
    }
    const std::size_t before = files.size();
    for (const fs::directory_entry& entry : fs::recursive_directory_iterator(input)) {
      if (entry.is_regular_file() && entry.path().extension() == ".safetensors") {
        files.push_back(entry.path());
      }
    }
    DMF_CHECK(files.size() > before, IoError, "[probe] {} holds no .safetensors files.", input);
    std::sort(files.begin() + static_cast<std::ptrdiff_t>(before), files.end());
  }
  return files;
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app(
      "Reference oracle: computes cases (safetensors files that name an op, its inputs and what is "
      "expected) and compares.",
      "probe");
  std::vector<std::string> inputs;
  app.add_option("--check", inputs, "Case files, or folders of them")->required();
  dmf::add_threads_option(app);
  return dmf::run_program(app, argc, argv, [&] {
    std::size_t passed = 0, failed = 0, unsupported = 0;
    for (const fs::path& path : expand(inputs)) {
      const dmf::CaseReport report = dmf::check_case(path);
      const bool known = report.verdict != dmf::CaseVerdict::unsupported;
      const bool pass = report.verdict == dmf::CaseVerdict::pass;
      fmt::print("{} {:<18} {:<36} absolute {:.2e}  relative {:.2e}{}\n",
                 pass    ? "pass"
                 : known ? "FAIL"
                         : "skip",
                 report.op, report.name, report.largest_absolute, report.largest_relative,
                 report.message.empty() ? "" : "  " + report.message);
      ++(pass ? passed : known ? failed : unsupported);
    }
    fmt::print("{} passed, {} failed, {} of unsupported ops\n", passed, failed, unsupported);
    return failed == 0 && passed > 0 ? 0 : 1;
  });
}
