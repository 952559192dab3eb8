#include "apps/experiment/figures.h"

#include <fmt/format.h>

#include <unistd.h>

#include <cctype>
#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <sstream>
#include <thread>

#include "apps/support/child_process.h"
#include "engine/core/check.h"
#include "engine/io/atomic_file.h"

namespace dmf {
namespace {

namespace fs = std::filesystem;

/// The program's path, looked for as a shell would; empty where there is none.
fs::path find_program(const std::string& name) {
  const char* path = std::getenv("PATH");
  std::istringstream folders(path == nullptr ? "" : path);
  for (std::string folder; std::getline(folders, folder, ':');) {
    std::error_code error;
    if (fs::is_regular_file(fs::path(folder) / name, error)) return fs::path(folder) / name;
  }
  return {};
}

std::string file_name(const std::string& text) {
  std::string name;
  for (const char c : text) {
    const bool plain = std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '+' || c == '-';
    name += plain ? static_cast<char>(std::tolower(static_cast<unsigned char>(c))) : '_';
  }
  return name;
}

/// Text between double quotes of a gnuplot script.
std::string quoted(const std::string& text) {
  std::string safe = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') safe += '\\';
    safe += c;
  }
  return safe + "\"";
}

std::string script_of(const Json& chart, const fs::path& svg) {
  constexpr const char* kColours[] = {"#0072b2", "#d55e00", "#009e73", "#cc79a7",
                                      "#e69f00", "#56b4e9", "#999900", "#888888"};
  std::string script = fmt::format(
      "set terminal svg size 640,400 dynamic font 'sans,12' name 'dmf'\nset output {}\n"
      "set title {} noenhanced\nset xlabel {} noenhanced\nset ylabel {} noenhanced\n"
      "set key outside top center horizontal noenhanced\nset grid lc rgb '#dddddd'\n",
      quoted(svg.string()), quoted(chart["title"]), quoted(chart["x"]), quoted(chart["y"]));
  std::vector<std::string> lines;
  std::size_t number = 0;
  for (const Json& series : chart["series"]) {
    script += fmt::format("$data{} << EOD\n", number);
    for (std::size_t i = 0; i < series["x"].size(); ++i) {
      if (series["y"][i].is_null()) continue;
      script += fmt::format("{} {}\n", series["x"][i].get<double>(), series["y"][i].get<double>());
    }
    script += "EOD\n";
    lines.push_back(fmt::format("$data{} using 1:2 with lines lw 1.5 lc rgb '{}' title {}", number,
                                kColours[number % std::size(kColours)],
                                quoted(series["name"].get<std::string>())));
    ++number;
  }
  return script + fmt::format("plot {}\n", fmt::join(lines, ", "));
}

bool has_points(const Json& chart) {
  for (const Json& series : chart["series"]) {
    if (!series["x"].empty()) return true;
  }
  return false;
}

/// A folder for a while.
struct ScratchFolder {
  fs::path path;

  ScratchFolder() {
    std::string name = (fs::temp_directory_path() / "dmf-figures-XXXXXX").string();
    DMF_CHECK(::mkdtemp(name.data()) != nullptr, IoError,
              "[figures] cannot make the folder {}: {}.", name, std::strerror(errno));
    path = name;
  }
  ~ScratchFolder() {
    std::error_code ignored;
    fs::remove_all(path, ignored);
  }
  ScratchFolder(const ScratchFolder&) = delete;
  ScratchFolder& operator=(const ScratchFolder&) = delete;
};

}  // namespace

Figures draw_figures(const std::vector<std::pair<std::string, Json>>& groups) {
  const fs::path gnuplot = find_program("gnuplot");
  if (gnuplot.empty()) {
    return {{}, "figures   none: for SVG files install gnuplot (apt-get install gnuplot-nox)\n"};
  }
  Figures figures;
  std::string script;
  for (const auto& [group, charts] : groups) {
    for (const Json& chart : charts) {
      if (!has_points(chart)) continue;
      const std::string name = file_name(group) + "_" + file_name(chart["title"]) + ".svg";
      script += script_of(chart, name) + "unset output\nreset\n";
      figures.files[name];
    }
  }
  const ScratchFolder scratch;  // gnuplot replaces whatever it finds
  const fs::path file = scratch.path / "figures.gp", log = scratch.path / "gnuplot.log";
  write_file_atomically(file, script);
  ChildProcess process(
      {gnuplot.string(), "-e", "cd " + quoted(scratch.path.string()), file.string()}, log);
  std::optional<int> status;
  while (!(status = process.poll())) std::this_thread::sleep_for(std::chrono::milliseconds(10));
  constexpr std::uintmax_t kMost = 1 << 28;
  DMF_CHECK(*status == 0, IoError, "[figures] gnuplot failed: {}", read_file(log, kMost));
  for (auto& [name, content] : figures.files) content = read_file(scratch.path / name, kMost);
  figures.files["figures.gp"] = script;
  return figures;
}

}  // namespace dmf
