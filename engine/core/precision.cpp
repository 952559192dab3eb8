#include "engine/core/precision.h"

#include "engine/core/check.h"

namespace dmf {
namespace {

MatmulPrecision in_use = MatmulPrecision::tf32;

}  // namespace

MatmulPrecision matmul_precision() {
  return in_use;
}
void set_matmul_precision(MatmulPrecision precision) {
  in_use = precision;
}

std::string precision_name(MatmulPrecision precision) {
  switch (precision) {
    case MatmulPrecision::fp32:
      return "fp32";
    case MatmulPrecision::tf32:
      return "tf32";
    case MatmulPrecision::bf16:
      break;
  }
  return "bf16";
}

MatmulPrecision precision_named(std::string_view name) {
  for (const MatmulPrecision p :
       {MatmulPrecision::fp32, MatmulPrecision::tf32, MatmulPrecision::bf16}) {
    if (name == precision_name(p)) return p;
  }
  throw ValueError(
      fmt::format("[precision] unknown precision '{}': expected fp32, tf32 or bf16.", name));
}

}  // namespace dmf
