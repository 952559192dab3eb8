#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>

#include "apps/files/folders.h"
#include "apps/files/output_files.h"
#include "apps/image/codecs/file_format.h"
#include "apps/oracle/reference_case.h"
#include "apps/programs.h"
#include "apps/support/common_options.h"
#include "apps/support/program.h"
#include "engine/core/check.h"

namespace {

namespace fs = std::filesystem;

std::string why_no_case(const fs::path& path) {
  return path.extension() == ".safetensors" ? "" : dmf::why_unused(path);
}

/// Where the results of each case go: NAME.out.safetensors, all in one folder.
class Results {
 public:
  /// out     empty: nothing is written
  /// throws  where a result must not be written
  Results(const std::vector<fs::path>& cases, const fs::path& out, bool overwrite)
      : outputs_({"probe", overwrite, "--out", cases}) {
    if (out.empty()) return;
    std::map<fs::path, fs::path> owner;
    for (const fs::path& path : cases) {
      fs::path target = out / path.filename();
      target.replace_extension(".out.safetensors");
      const auto [other, is_new] = owner.emplace(target, path);
      DMF_CHECK(is_new || other->second == path, ValueError,
                "[probe] {} and {} would both be written to {}: probe them one after the other.",
                other->second.string(), path.string(), target.string());
      targets_[path] = target;
    }
    for (const auto& [path, target] : targets_) outputs_.plan(out, target.filename());
    outputs_.begin();
  }

  void write(const fs::path& path, const dmf::Safetensors& results) {
    if (targets_.contains(path) && !results.tensors.empty()) {
      outputs_.write(targets_.at(path), dmf::to_bytes(results));
    }
  }

 private:
  dmf::OutputFiles outputs_;
  std::map<fs::path, fs::path> targets_;
};

/// Compares each case with what it expects, a line each.
///
/// return  exit status: 0 when some pass and none fails
int check(const std::vector<fs::path>& cases, dmf::Precision precision, const dmf::Compute& compute,
          Results& results) {
  std::size_t passed = 0, failed = 0, unsupported = 0;
  nlohmann::ordered_json told = nlohmann::ordered_json::array();
  for (const fs::path& path : cases) {
    const dmf::CaseReport report = dmf::check_case(path, precision, compute);
    const bool known = report.verdict != dmf::CaseVerdict::unsupported;
    const bool pass = report.verdict == dmf::CaseVerdict::pass;
    fmt::print("{} {:<18} {:<36} absolute {:.2e}  relative {:.2e}{}\n",
               pass    ? "pass"
               : known ? "FAIL"
                       : "skip",
               report.op, report.name, report.largest_absolute, report.largest_relative,
               report.message.empty() ? "" : "  " + report.message);
    told.push_back({{"op", report.op},
                    {"case", report.name},
                    {"verdict", pass    ? "pass"
                                : known ? "fail"
                                        : "not supported"},
                    {"absolute", report.largest_absolute},
                    {"relative", report.largest_relative},
                    {"message", report.message}});
    ++(pass ? passed : known ? failed : unsupported);
    results.write(path, report.results);
  }
  dmf::print_json(told.dump(2));
  fmt::print("{} passed, {} failed, {} not supported\n", passed, failed, unsupported);
  return failed == 0 && passed > 0 ? 0 : 1;
}

/// Computes each case and says what came out.
int compute(const std::vector<fs::path>& cases, dmf::Precision precision,
            const dmf::Compute& compute, Results& results) {
  std::size_t failed = 0;
  nlohmann::ordered_json told = nlohmann::ordered_json::array();
  for (const fs::path& path : cases) {
    try {
      const dmf::Safetensors computed =
          dmf::compute_case(dmf::ReferenceCase(dmf::read_safetensors(path), compute), precision);
      std::vector<std::string> made;
      for (const auto& [name, tensor] : computed.tensors) {
        made.push_back(fmt::format("{} {}", name, tensor.shape.str()));
      }
      fmt::print("{}: {}\n", path.string(), fmt::join(made, ", "));
      told.push_back({{"case", path.string()}, {"made", made}});
      results.write(path, computed);
    } catch (const std::exception& problem) {  // the others are still worth computing
      fmt::print(stderr, "probe: {}: {}\n", path.string(), problem.what());
      ++failed;
    }
  }
  dmf::print_json(told.dump(2));
  return failed == 0 ? 0 : 1;
}

}  // namespace

int dmf::probe_program(const Call& call) {
  CLI::App app(
      "Reference oracle: computes cases (safetensors files that name an op and its inputs) and "
      "compares the results with what they expect, or writes them.",
      "probe");
  std::vector<std::string> inputs;
  std::string out;
  dmf::DeviceChoice where;
  bool compare = false, single = false, overwrite = false;
  app.add_option("cases", inputs, "Case files, or folders of them")->required();
  app.add_flag("--check", compare, "Compare with the expect.* tensors; exit 1 if any differs");
  app.add_option("--out", out, "Folder to write NAME.out.safetensors to: output, grad.input, ...");
  app.add_flag("--overwrite", overwrite,
               "Replace what an earlier probe wrote there, unless it was changed since");
  app.add_flag("--single", single,
               "Compute in single precision whatever the case holds (rtol 1e-4, atol 1e-6)");
  dmf::add_device_options(app, where);
  dmf::add_processor_options(app);
  dmf::add_dry_run_option(app);
  dmf::add_json_option(app);
  return dmf::run_program(app, call, [&] {
    const dmf::Compute with = where.compute();
    const auto cases = dmf::files_of(inputs, 8, why_no_case, ".safetensors files").files;
    Results results(cases, out, overwrite);
    dmf::end_dry_run(fmt::format("compute {} case{}", cases.size(), cases.size() == 1 ? "" : "s"));
    const auto precision = single ? dmf::Precision::single : dmf::Precision::as_given;
    return compare ? check(cases, precision, with, results)
                   : compute(cases, precision, with, results);
  });
}
