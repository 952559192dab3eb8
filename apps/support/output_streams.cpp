#include "apps/support/output_streams.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <string_view>

#include "engine/core/check.h"

namespace dmf {
namespace {

/// All of it; false with errno where it cannot be written.
bool write_all(int file, std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = ::write(file, text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return false;
    text.remove_prefix(static_cast<std::size_t>(written));
  }
  return true;
}

/// One of the two streams, as the C library writes to it.
struct Stream {
  int file;  // STDOUT_FILENO or STDERR_FILENO
  bool shown = true;
  int log = -1;
  std::string line;             // begun, for the log
  std::FILE* former = nullptr;  // of the C library

  /// Of what a terminal overdraws, the log gets what stays: the text behind the last return.
  void keep(std::string_view text) {
    for (const char c : text) {
      if (c == '\r') {
        line.clear();
      } else {
        line += c;
      }
      if (c != '\n') continue;
      constexpr std::string_view kErase = "\x1b[K";
      while (line.find(kErase) != std::string::npos) line.erase(line.find(kErase), kErase.size());
      if (!write_all(log, line)) fail();
      line.clear();
    }
  }

  /// The work goes on without a log.
  void fail() {
    const std::string reason = std::strerror(errno);
    log = -1;
    write_all(STDERR_FILENO,
              "warning: the log cannot be written: " + reason + ". The work goes on.\n");
  }
};

ssize_t write_to(void* stream, const char* text, std::size_t count) {
  Stream& to = *static_cast<Stream*>(stream);
  if (to.log >= 0) to.keep({text, count});
  if (to.shown && !write_all(to.file, {text, count})) return 0;
  return static_cast<ssize_t>(count);
}

Stream out{.file = STDOUT_FILENO, .line = {}}, error{.file = STDERR_FILENO, .line = {}};

void redirect(Stream& stream, std::FILE*& standard) {
  std::FILE* made = ::fopencookie(&stream, "w", {nullptr, write_to, nullptr, nullptr});
  DMF_CHECK(made != nullptr, IoError, "[log] cannot redirect what is printed: {}.",
            std::strerror(errno));
  std::fflush(standard);
  std::setvbuf(made, nullptr, &stream == &out ? _IOLBF : _IONBF, 0);
  stream.former = standard;
  standard = made;
}

void restore(Stream& stream, std::FILE*& standard) {
  if (stream.former == nullptr) return;
  std::fclose(standard);
  standard = stream.former;
  stream.former = nullptr;
}

}  // namespace

OutputStreams::OutputStreams(bool shown, const std::string& log) {
  if ((shown && log.empty()) || out.former != nullptr) return;
  is_owner_ = true;
  int file = -1;
  if (!log.empty()) {
    file = ::open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
    DMF_CHECK(file >= 0, IoError, "[log] cannot write {}: {}.", log, std::strerror(errno));
  }
  out.shown = shown;
  out.log = error.log = file;
  redirect(out, stdout);
  if (file >= 0) redirect(error, stderr);
}

OutputStreams::~OutputStreams() {
  if (!is_owner_) return;
  restore(out, stdout);
  restore(error, stderr);
  if (out.log >= 0) ::close(out.log);
  out.shown = true;
  out.log = error.log = -1;
}

void OutputStreams::print_result(const std::string& text) {
  std::fflush(stdout);
  if (out.log >= 0) write_all(out.log, text);
  DMF_CHECK(write_all(STDOUT_FILENO, text), IoError, "[output] cannot write the results: {}.",
            std::strerror(errno));
}

}  // namespace dmf
