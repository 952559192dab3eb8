#pragma once

#include <string_view>

namespace dmf {

/// Of this build; the commit is empty where it was built outside a checkout.
extern const std::string_view kVersion, kCommit;

/// "CUDA no, TensorBoard events yes, ONNX export no": what depends on the packages found when it
/// was built.
extern const std::string_view kOptionalParts;

}  // namespace dmf
