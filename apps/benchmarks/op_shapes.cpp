#include "apps/benchmarks/op_shapes.h"

#include <fmt/format.h>

#include <fstream>
#include <sstream>

#include "engine/core/check.h"

namespace dmf {

std::string OpShape::str() const {
  if (op == "adam") return fmt::format("{}", c_in);
  std::string text = fmt::format("{}x{}x{}x{}", n, h, w, c_in);
  if (c_out > 0) text += fmt::format(" -> {}", c_out);
  if (kernel > 0) text += fmt::format(", {0}x{0}", kernel);
  if (stride > 1) text += fmt::format(" stride {}", stride);
  return text;
}

std::vector<OpShape> network_shapes(UNetSpec::Variant variant, Index n, Index image) {
  const UNetSpec spec;
  const bool paper = variant == UNetSpec::Variant::paper;
  std::vector<OpShape> shapes;
  const auto normalised = [&](Index size, Index width) {
    shapes.push_back({"batch_norm2d", n, size, size, width, 0, 0, 0});
  };
  const auto conv = [&](Index size, Index c_in, Index c_out) {
    shapes.push_back({"conv2d", n, size, size, c_in, c_out, 3, 1});
    normalised(size, c_out);
  };
  Index channels = spec.in_channels;
  for (int level = 0; level < spec.depth; ++level) {
    const Index size = image >> level, width = spec.base_width << level;
    conv(size, channels, width);
    if (!paper) conv(size, width, width);
    shapes.push_back({"max_pool2d", n, size, size, width, 0, 2, 2});
    channels = width;
  }
  if (!paper) {
    const Index size = image >> spec.depth, width = spec.base_width << spec.depth;
    conv(size, channels, width);
    conv(size, width, width);
    channels = width;
  }
  for (int level = spec.depth - 1; level >= 0; --level) {
    const Index size = image >> level, width = spec.base_width << level;
    shapes.push_back(
        {"conv_transpose2d", n, size / 2, size / 2, channels, width, paper ? 3 : 2, 2});
    if (paper) normalised(size, width);
    shapes.push_back({"concat", n, size, size, width, width, 0, 0});
    channels = 2 * width;
    if (!paper) {
      conv(size, channels, width);
      conv(size, width, width);
      channels = width;
    }
  }
  shapes.push_back({"conv2d", n, image, image, channels, spec.classes, 1, 1});
  return shapes;
}

std::vector<OpShape> unet_shapes(Index n, Index image) {
  constexpr Index kWidth = 32, kDepth = 4;
  std::vector<OpShape> shapes;
  const auto conv = [&](Index level, Index c_in, Index c_out) {
    shapes.push_back({"conv2d", n, image >> level, image >> level, c_in, c_out, 3, 1});
  };
  for (Index level = 0; level < kDepth; ++level) {
    const Index width = kWidth << level;
    conv(level, level == 0 ? 1 : width / 2, width);  // both networks
    conv(level, width, width);                       // classic
    conv(level, 2 * width, width);
  }
  conv(kDepth, (kWidth << kDepth) / 2, kWidth << kDepth);
  conv(kDepth, kWidth << kDepth, kWidth << kDepth);
  shapes.push_back({"conv2d", n, image, image, kWidth, 2, 1, 1});
  for (Index level = 0; level < kDepth; ++level) {
    const Index width = kWidth << level, size = image >> (level + 1);
    const Index from = level == kDepth - 1 ? width : 4 * width;  // paper: [up, skip] from below
    shapes.push_back({"conv_transpose2d", n, size, size, from, width, 3, 2});
    shapes.push_back({"conv_transpose2d", n, size, size, 2 * width, width, 2, 2});  // classic
  }
  for (Index level = 0; level < kDepth; ++level) {
    const Index size = image >> level, width = kWidth << level;
    shapes.push_back({"batch_norm2d", n, size, size, width, 0, 0, 0});
    shapes.push_back({"max_pool2d", n, size, size, width, 0, 2, 2});
    shapes.push_back({"concat", n, size, size, width, width, 0, 0});
  }
  for (const char* op : {"log_softmax", "pixel_terms"}) {
    shapes.push_back({op, n, image, image, 2, 0, 0, 0});
  }
  for (const Index parameters : {1754338, 7765442}) {
    shapes.push_back({"adam", 1, 1, 1, parameters, 0, 0, 0});
  }
  std::erase_if(shapes, [](const OpShape& s) { return s.h < 1; });
  return shapes;
}

std::vector<OpShape> read_shapes(const std::filesystem::path& path) {
  std::ifstream file(path);
  DMF_CHECK(file.good(), IoError, "[bench] cannot read {}.", path.string());
  const std::string header = "op,n,h,w,c_in,c_out,kernel,stride";
  std::string line;
  std::getline(file, line);
  DMF_CHECK(line == header, IoError, "[bench] {}: the first line is '{}', expected '{}'.",
            path.string(), line, header);
  std::vector<OpShape> shapes;
  for (int number = 2; std::getline(file, line); ++number) {
    if (line.empty()) continue;
    std::istringstream fields(line);
    OpShape s{};
    std::getline(fields, s.op, ',');
    bool sound = true;
    for (Index* field : {&s.n, &s.h, &s.w, &s.c_in, &s.c_out, &s.kernel, &s.stride}) {
      std::string text;
      sound = sound && std::getline(fields, text, ',') && std::istringstream(text) >> *field;
      // More than any tensor here should have on an axis; their product must not overflow.
      sound = sound && *field >= 0 && *field <= (Index{1} << 24);
    }
    DMF_CHECK(sound, IoError, "[bench] {} line {}: '{}', expected {}.", path.string(), number, line,
              header);
    shapes.push_back(s);
  }
  return shapes;
}

}  // namespace dmf
