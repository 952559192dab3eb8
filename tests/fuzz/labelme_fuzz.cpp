#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "apps/data/annotations/labelme.h"
#include "engine/core/check.h"

// Any text is an annotation that can be drawn at its size, where that is small, or an IoError.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  try {
    dmf::Annotation annotation =
        dmf::parse_labelme({reinterpret_cast<const char*>(data), size}, "fuzz");
    for (dmf::Outline& shape : annotation.shapes) shape.label_class = 1;
    constexpr int kSmall = 64;
    const int height = annotation.height == 0 ? kSmall : annotation.height;
    const int width = annotation.width == 0 ? kSmall : annotation.width;
    if (height > kSmall || width > kSmall) return 0;
    for (const auto label : dmf::draw(annotation, height, width).labels) {
      if (label != 0 && label != 1) std::abort();
    }
  } catch (const dmf::IoError&) {
  }
  return 0;
}
