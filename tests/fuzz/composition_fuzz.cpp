#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "apps/data/augmentation/composition.h"
#include "engine/core/errors.h"

// Any text is a composition, which is written and read again as the same and leaves intensities of
// a small image in [0, 1] and labels that are its own, or a ValueError of one line.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  dmf::Composition composition;
  try {
    composition = dmf::parse_composition({reinterpret_cast<const char*>(data), size});
  } catch (const dmf::ValueError& problem) {
    if (std::string(problem.what()).find_first_of("\r\n") != std::string::npos) std::abort();
    return 0;
  }
  const std::string text = composition.text();
  if (dmf::parse_composition(text).text() != text) std::abort();
  dmf::Sample sample{dmf::Image(3, 5, 1), dmf::LabelMap(3, 5)};
  for (std::size_t i = 0; i < 15; ++i) {
    sample.image.pixels[i] = static_cast<float>(i) / 14.0f;
    sample.labels.labels[i] = i % 3 == 0 ? 1 : 0;
  }
  dmf::augment(sample, composition, {size, 1, 2});
  for (const float pixel : sample.image.pixels) {
    if (!(pixel >= 0.0f && pixel <= 1.0f)) std::abort();
  }
  for (const std::int32_t label : sample.labels.labels) {
    if (label != 0 && label != 1) std::abort();
  }
  return 0;
}
