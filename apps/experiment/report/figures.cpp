#include "apps/experiment/report/figures.h"

#include <fmt/format.h>

#include <unistd.h>

#include <cctype>
#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <sstream>
#include <thread>
#include <utility>

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

std::map<fs::path, std::string> draw_figures(const std::vector<Figure>& figures) {
  std::map<fs::path, std::string> files;
  for (const Figure& figure : figures) {
    for (const auto& [ending, width] : {std::pair{"column", kColumnWidth}, {"page", kPageWidth}}) {
      files[fmt::format("{}_{}.svg", file_name(figure.name), ending)] = figure.svg(width);
    }
  }
  return files;
}

Figures draw_figures_for_print(const std::vector<Figure>& figures) {
  Figures drawn{draw_figures(figures), ""};
  const fs::path converter = find_program("rsvg-convert");
  if (converter.empty()) {
    drawn.problem = "for figures as PDF too install rsvg-convert (apt-get install librsvg2-bin)";
    return drawn;
  }
  const ScratchFolder scratch;
  std::map<fs::path, std::string> pdfs;
  for (const auto& [name, svg] : drawn.files) {
    pdfs[fs::path(name).replace_extension(".pdf")] = as_pdf(converter, scratch, svg);
  }
  drawn.files.merge(pdfs);
  return drawn;
}

}  // namespace dmf
