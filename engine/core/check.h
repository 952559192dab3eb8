#pragma once

#include <fmt/format.h>

#include <stdexcept>

namespace dmf {

/// Base of everything the engine throws on a user's mistake. The text is one line of the form
/// "[op] what is wrong: got ..., expected .... Hint".
class Error : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// Sizes that do not fit together.
class ShapeError : public Error {
 public:
  using Error::Error;
};

/// An argument outside its range.
class ValueError : public Error {
 public:
  using Error::Error;
};

/// A file that cannot be read, written or believed.
class IoError : public Error {
 public:
  using Error::Error;
};

/// A device that is not there, or a call on it that failed.
class DeviceError : public Error {
 public:
  using Error::Error;
};

/// Memory that a device does not have.
class OutOfMemory : public DeviceError {
 public:
  using DeviceError::DeviceError;
};

/// A number that is not finite where only finite ones make sense.
class NumericError : public Error {
 public:
  using Error::Error;
};

/// A graph that cannot be walked (again).
class GraphError : public Error {
 public:
  using Error::Error;
};

}  // namespace dmf

/// Throws ErrorType with a formatted text unless the condition holds. For what a caller can get
/// wrong; what only a fault in here can break is left to the tests and the sanitizers.
#define DMF_CHECK(condition, ErrorType, ...)                              \
  do {                                                                    \
    if (!(condition)) throw ::dmf::ErrorType(::fmt::format(__VA_ARGS__)); \
  } while (false)
