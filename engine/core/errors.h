#pragma once

#include <stdexcept>

namespace dmf {

/// Base of everything that is thrown on a user's mistake. The text is one line of the form
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
