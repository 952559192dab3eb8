#include "engine/core/precision.h"

#include "engine/core/check.h"

namespace dmf {
namespace {

Precision in_use = Precision::tf32;

}  // namespace

Precision matmul_precision() {
  return in_use;
}
void set_matmul_precision(Precision precision) {
  in_use = precision;
}

std::string precision_name(Precision precision) {
  switch (precision) {
    case Precision::fp32: return "fp32";
    case Precision::tf32: return "tf32";
    case Precision::bf16: break;
  }
  return "bf16";
}

Precision precision_named(std::string_view name) {
  for (const Precision p : {Precision::fp32, Precision::tf32, Precision::bf16}) {
    if (name == precision_name(p)) return p;
  }
  throw ValueError(
      fmt::format("[precision] unknown precision '{}': expected fp32, tf32 or bf16.", name));
}

}  // namespace dmf
