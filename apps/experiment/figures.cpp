#include "apps/experiment/figures.h"

#include <fmt/format.h>

#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <sstream>
#include <thread>
#include <tuple>

#include "apps/support/child_process.h"
#include "engine/core/check.h"
#include "engine/io/atomic_file.h"

namespace dmf {
namespace {

namespace fs = std::filesystem;

constexpr int kColumnWidth = 317, kPageWidth = 672;  // 3.3 and 7 inches of 96

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

bool has_points(const Plot& plot) {
  return std::any_of(plot.series.begin(), plot.series.end(),
                     [](const Series& series) { return !series.x.empty(); });
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

/// An SVG file's text as PDF.
///
/// throws  IoError with the program's words where it fails
std::string as_pdf(const fs::path& converter, const ScratchFolder& scratch,
                   const std::string& svg) {
  constexpr std::uintmax_t kMost = 1 << 28;
  const fs::path from = scratch.path / "figure.svg", to = scratch.path / "figure.pdf",
                 log = scratch.path / "converter.log";
  write_file_atomically(from, svg);
  ChildProcess process({"/usr/bin/env", "SOURCE_DATE_EPOCH=0", converter.string(), "--format",
                        "pdf", "--output", to.string(), from.string()},
                       log);
  std::optional<int> status;
  while (!(status = process.poll())) std::this_thread::sleep_for(std::chrono::milliseconds(5));
  DMF_CHECK(*status == 0, IoError, "[figures] rsvg-convert failed: {}", read_file(log, kMost));
  return read_file(to, kMost);
}

}  // namespace

Figures draw_figures(const std::vector<std::pair<std::string, std::vector<Plot>>>& groups) {
  const fs::path converter = find_program("rsvg-convert");
  Figures figures;
  if (converter.empty()) {
    figures.problem = "for figures as PDF too install rsvg-convert (apt-get install librsvg2-bin)";
  }
  const ScratchFolder scratch;
  for (const auto& [group, plots] : groups) {
    for (const Plot& plot : plots) {
      if (!has_points(plot)) continue;
      const std::string name = file_name(group) + "_" + file_name(plot.title);
      for (const auto& [ending, width, height] :
           {std::tuple{"column", kColumnWidth, kColumnWidth * 2 / 3},
            {"page", kPageWidth, kPageWidth * 3 / 8}}) {
        Plot sized = plot;
        sized.width = width;
        sized.height = height;
        const std::string svg = plot_file(sized), file = fmt::format("{}_{}", name, ending);
        if (!converter.empty()) figures.files[file + ".pdf"] = as_pdf(converter, scratch, svg);
        figures.files[file + ".svg"] = svg;
      }
    }
  }
  return figures;
}

}  // namespace dmf
