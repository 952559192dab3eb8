#pragma once

#include <exception>
#include <new>
#include <string>

#include "engine/core/check.h"

namespace dmf {

/// Whether it says that memory ran out; null does not.
bool is_lack_of_memory(const std::exception_ptr& error);

/// Says what memory ran out in and what helps.
class NotEnoughMemory : public DeviceError {
 public:
  using DeviceError::DeviceError;
};

/// What a program is at while this object lives, and what helps where its memory does not suffice.
class MemoryUser {
 public:
  /// doing  after "out of memory": "while reading a.png"
  /// help   a sentence without its end: "A smaller --batch needs less"
  MemoryUser(std::string doing, std::string help);
  ~MemoryUser();
  MemoryUser(const MemoryUser&) = delete;
  MemoryUser& operator=(const MemoryUser&) = delete;

  /// throws  NotEnoughMemory "[memory] out of memory while reading a.png. A smaller ..."
  [[noreturn]] void fail() const;

 private:
  std::string doing_, help_;
  const MemoryUser* outer_;
};

/// Does a task on the main thread; where memory runs out in it, that is one line which says in what
/// and what helps.
///
/// throws  NotEnoughMemory as MemoryUser::fail()
template <class Task>
auto within_memory(const std::string& doing, const std::string& help, const Task& task) {
  const MemoryUser user(doing, help);
  try {
    return task();
  } catch (const OutOfMemory&) {
    user.fail();
  } catch (const std::bad_alloc&) {
    user.fail();
  }
}

/// Says on standard error, without taking memory, what the innermost task was at when memory ran
/// out. Also said, and the process ended with status 1, where an exception for the lack of memory
/// could not be caught: in a thread of a loop, in a destructor, before main().
void say_out_of_memory() noexcept;

}  // namespace dmf
