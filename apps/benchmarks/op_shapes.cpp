#include "apps/benchmarks/op_shapes.h"

#include <fmt/format.h>

#include <algorithm>
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

std::vector<OpShape> network_shapes(const UNetSpec& spec, Index n, Index image) {
  std::vector<OpShape> shapes;
  const auto normalised = [&](Index size, Index width) {
    shapes.push_back({"batch_norm2d", n, size, size, width, 0, 0, 0});
  };
  const std::vector<LevelSpec> all = levels(spec);
  for (const LevelSpec& level : all) {
    const Index size = image >> level.depth;
    if (level.up) {
      const UpConv& up = *level.up;
      shapes.push_back({"conv_transpose2d", n, size / 2, size / 2, up.in, up.out, up.kernel, 2});
      if (!up.norm.empty()) normalised(size, up.out);
      shapes.push_back({"concat", n, size, size, up.out, up.out, 0, 0});
    }
    for (const ConvBlock& block : level.blocks) {
      shapes.push_back({"conv2d", n, size, size, block.in, block.out, 3, 1});
      normalised(size, block.out);
    }
    if (level.part == LevelSpec::Part::encoder) {
      shapes.push_back({"max_pool2d", n, size, size, level.out, 0, 2, 2});
    }
  }
  shapes.push_back({"conv2d", n, image, image, all.back().out, spec.classes, 1, 1});
  return shapes;
}

std::vector<OpShape> unet_shapes(Index n, Index image) {
  std::vector<OpShape> shapes;
  const auto add = [&shapes](const OpShape& shape) {
    const bool is_new = std::find(shapes.begin(), shapes.end(), shape) == shapes.end();
    if (is_new && shape.h >= 1) shapes.push_back(shape);
  };
  for (const UNetPreset& preset : kUNetPresets) {
    const UNetSpec spec{.preset = preset};
    for (const OpShape& shape : network_shapes(spec, n, image)) add(shape);
    for (const char* op : {"log_softmax", "pixel_sums"}) {
      add({op, n, image, image, spec.classes, 0, 0, 0});
    }
    add({"adam", 1, 1, 1, parameter_count(spec), 0, 0, 0});
  }
  // Op by op, as a reader compares them.
  std::stable_sort(shapes.begin(), shapes.end(),
                   [](const OpShape& a, const OpShape& b) { return a.op < b.op; });
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
