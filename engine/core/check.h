#pragma once

#include <fmt/format.h>

#include "engine/core/errors.h"

/// Throws ErrorType with a formatted text unless the condition holds. For what a caller can get
/// wrong; what only a fault in here can break is an assert() beside what relies on it, looked at in
/// debug builds, under the sanitizers and in every test that they run.
#define DMF_CHECK(condition, ErrorType, ...)                              \
  do {                                                                    \
    if (!(condition)) throw ::dmf::ErrorType(::fmt::format(__VA_ARGS__)); \
  } while (false)
