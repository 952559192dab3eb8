#include <cstddef>
#include <cstdint>
#include <exception>

#include "apps/oracle/reference_case.h"
#include "engine/core/check.h"

// Any bytes are a reference case that is computed, or an error of ours: by type for what the engine
// refuses, std::invalid_argument and std::domain_error from the fusion, which knows no others.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  try {
    dmf::compute_case(dmf::ReferenceCase(dmf::parse_safetensors(
                          {reinterpret_cast<const char*>(data), size}, "fuzz")),
                      dmf::Precision::as_given);
  } catch (const dmf::Error&) {
  } catch (const std::invalid_argument&) {
  } catch (const std::domain_error&) {
  }
  return 0;
}
