#include "apps/support/within_memory.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <exception>
#include <string_view>
#include <utility>

namespace dmf {
namespace {

const MemoryUser* innermost = nullptr;

/// A line put together in memory that is there already.
struct Line {
  std::array<char, 1024> text{};
  std::size_t size = 0;

  void add(std::string_view more) noexcept {
    for (const char c : more.substr(0, text.size() - 1 - size)) {
      text[size++] = static_cast<unsigned char>(c) < ' ' ? ' ' : c;
    }
  }
};

Line work;  // of the innermost task, in words; kept while exceptions pass it

void describe(const std::string& doing, const std::string& help) noexcept {
  work.size = 0;
  work.add(doing);
  work.add(". ");
  work.add(help);
}

std::terminate_handler others;

[[noreturn]] void end_in_one_line() {
  if (is_lack_of_memory(std::current_exception())) {
    say_out_of_memory();
    ::_exit(1);
  }
  if (others != nullptr) others();
  std::abort();
}

[[maybe_unused]] const bool installed = [] {
  others = std::set_terminate(end_in_one_line);
  return true;
}();

}  // namespace

bool is_lack_of_memory(const std::exception_ptr& error) {
  if (!error) return false;
  try {
    std::rethrow_exception(error);
  } catch (const std::bad_alloc&) {
    return true;
  } catch (const OutOfMemory&) {
    return true;
  } catch (...) {
    return false;
  }
}

MemoryUser::MemoryUser(std::string doing, std::string help)
    : doing_(std::move(doing)), help_(std::move(help)), outer_(innermost) {
  innermost = this;
  describe(doing_, help_);
}

MemoryUser::~MemoryUser() {
  innermost = outer_;
  const bool is_passed = std::uncaught_exceptions() > 0;
  if (outer_ != nullptr && !is_passed) describe(outer_->doing_, outer_->help_);
}

void MemoryUser::fail() const {
  throw NotEnoughMemory(fmt::format("[memory] out of memory {}. {}.", doing_, help_));
}

void say_out_of_memory() noexcept {
  Line line;
  line.add(::program_invocation_short_name);
  line.add(": [memory] out of memory ");
  line.add(work.size > 0 ? std::string_view(work.text.data(), work.size)
                         : "while starting. More memory is needed");
  line.add(".");
  line.text[line.size] = '\n';
  [[maybe_unused]] const ssize_t written = ::write(STDERR_FILENO, line.text.data(), line.size + 1);
}

}  // namespace dmf
