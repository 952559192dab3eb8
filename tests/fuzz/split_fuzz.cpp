#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <filesystem>

#include "apps/data/split.h"
#include "apps/image/codecs/image_file.h"
#include "engine/core/check.h"

namespace {

/// Six small images, images/1.png to images/6.png with their masks, in a folder that is gone after.
const dmf::SampleSet& six_images() {
  static const dmf::SampleSet samples = [] {
    const auto folder =
        std::filesystem::temp_directory_path() / ("dmf-fuzz-" + std::to_string(::getpid()));
    for (const std::string part : {"images", "masks"}) {
      std::filesystem::create_directories(folder / part);
      for (int i = 1; i <= 6; ++i) {
        const std::uint8_t dark = part == "masks" ? 0 : 90;  // a mask is not its image
        dmf::write_png(folder / part / (std::to_string(i) + ".png"), 2, 2, 1,
                       {dark, 255, dark, 255});
      }
    }
    dmf::SampleSetOptions options;
    options.preprocess.size = 2;
    dmf::SampleSet set(dmf::find_dataset(folder, {}), options);
    std::filesystem::remove_all(folder);
    return set;
  }();
  return samples;
}

template <class Task>
void allow_io_error(const Task& task) {
  try {
    task();
  } catch (const dmf::IoError&) {
  }
}

}  // namespace

// Any text is a split that places every image once, and folds that do, or an IoError.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  allow_io_error([&] {
    const dmf::Split split = dmf::parse_split(dmf::parse_csv(text, "fuzz"), six_images());
    if (split.train.size() + split.validation.size() + split.test.size() != 6) std::abort();
  });
  allow_io_error([&] {
    if (dmf::parse_folds(dmf::parse_csv(text, "fuzz"), six_images()).size() != 6) std::abort();
  });
  return 0;
}
