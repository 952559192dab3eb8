#include "apps/image/masks/mask_values.h"

#include <algorithm>
#include <set>

#include "engine/core/check.h"

namespace dmf {

MaskColour grey(int value) {
  const auto v = static_cast<std::uint16_t>(value);
  return {v, v, v};
}

SetValues values_of(const std::vector<MaskFacts>& masks, MaskEncoding::Source source,
                    int ignore_index) {
  SetValues values;
  values.of_file.resize(masks.size());
  for (std::size_t i = 0; i < masks.size(); ++i) {
    const MaskFacts& file = masks[i];
    values.pixels += file.pixels();
    values.largest =
        std::max(values.largest, source == MaskEncoding::Source::palette ? 255 : file.largest);
    values.faint += file.faint;
    values.any_palette |= file.has_palette;
    if (file.format == FileFormat::jpeg && values.jpeg == nullptr) values.jpeg = &file;
    if (file.merged && values.merged == nullptr) values.merged = &file;
    std::set<MaskColour> own;
    for (const CodeCount& each : file.codes) {
      MaskColour colour;
      try {
        colour = seen_through(source, each.code, file);
      } catch (const ValueError& error) {
        throw ValueError(fmt::format("{} {}", file.path.string(), error.what()));
      }
      if (ignore_index >= 0 && colour == grey(ignore_index)) {
        values.has_ignored = true;
        continue;
      }
      ValueCount& count = values.seen[colour];
      if (own.insert(colour).second) {
        if (count.files == 0) count.first_file = i;
        ++count.files;
      }
      count.pixels += each.pixels;
      count.flat += each.flat;
    }
    for (const MaskColour& colour : own) {
      if (is_grey(colour)) {
        values.of_file[i].push_back(colour[0]);
      } else {
        values.all_grey = false;
      }
    }
  }
  return values;
}

}  // namespace dmf
