#include <fmt/format.h>

#include <filesystem>

#include "apps/data/files.h"
#include "apps/oracle/reference_case.h"
#include "apps/support/program.h"

namespace {

namespace fs = std::filesystem;

bool is_case(const fs::path& path) {
  return path.extension() == ".safetensors";
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
    for (const fs::path& path : dmf::files_of(inputs, 8, is_case, ".safetensors files")) {
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
