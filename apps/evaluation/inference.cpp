#include "apps/evaluation/inference.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <vector>

namespace dmf {

std::string Inference::describe() const {
  std::vector<std::string> parts;
  if (mirror) parts.emplace_back("mirrored too");
  if (scale != 1.0) parts.push_back(fmt::format("{} times as large too", scale));
  if (temperature != 1.0) parts.push_back(fmt::format("temperature {:.4g}", temperature));
  if (threshold != 0.5) parts.push_back(fmt::format("threshold {}", threshold));
  if (largest_component) parts.emplace_back("largest component");
  if (fill_holes) parts.emplace_back("holes filled");
  return fmt::format("{}", fmt::join(parts, ", "));
}

Metadata Inference::to_metadata() const {
  Metadata metadata;
  if (mirror) metadata["inference.mirror"] = "1";
  if (scale != 1.0) metadata["inference.scale"] = fmt::format("{}", scale);
  if (temperature != 1.0) metadata["inference.temperature"] = fmt::format("{}", temperature);
  if (threshold != 0.5) metadata["inference.threshold"] = fmt::format("{}", threshold);
  if (largest_component) metadata["inference.largest_component"] = "1";
  if (fill_holes) metadata["inference.fill_holes"] = "1";
  return metadata;
}

Inference Inference::from_metadata(const Metadata& metadata) {
  const auto number = [&](const std::string& name, double missing, double least = 0.0,
                          double most = 1.0) {
    const std::string key = "inference." + name;
    return metadata.contains(key) ? metadata_number(metadata, key, least, most) : missing;
  };
  return {.mirror = number("mirror", 0) != 0,
          .scale = number("scale", 1.0, 0.25, 4.0),
          .temperature = number("temperature", 1.0, 0.01, 100.0),
          .threshold = number("threshold", 0.5),
          .largest_component = number("largest_component", 0) != 0,
          .fill_holes = number("fill_holes", 0) != 0};
}

}  // namespace dmf
