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

namespace {

/// Gathers the ops of a network.
struct Listing {
  Index n;
  std::vector<OpShape> shapes = {};

  void add(const char* op, Index size, Index c_in, Index c_out = 0, Index kernel = 0,
           Index stride = 0) {
    shapes.push_back({op, n, size, size, c_in, c_out, kernel, stride});
  }
  /// A normalisation, with what of its activation is an op of its own.
  void norm(Index size, Index width, const NormSpec& spec) {
    if (spec.kind == NormKind::batch) {
      add("batch_norm2d", size, width);
    } else {
      add("group_norm", size, width, spec.groups_of(width));
    }
    if (spec.activation == Activation::gelu) add("gelu", size, width);
    if (spec.activation == Activation::leaky_relu && spec.kind == NormKind::batch) {
      add("leaky_relu", size, width);
    }
  }
};

}  // namespace

std::vector<OpShape> network_shapes(const UNetSpec& spec, Index n, Index image) {
  Listing list{n};
  const NormSpec norm = spec.norm_spec();
  const std::vector<LevelSpec> all = levels(spec);
  for (const LevelSpec& level : all) {
    const Index size = image >> level.depth;
    if (level.up) {
      const UpConv& up = *level.up;
      list.add("conv_transpose2d", size / 2, up.in, up.out, up.kernel, 2);
      if (!up.norm.empty()) list.norm(size, up.out, norm);
      if (level.attention) {
        const Index between = level.attention->between;
        NormSpec plain = norm;
        plain.activation = Activation::none;
        for (const Index from : {level.attention->skip, level.attention->below}) {
          list.add("conv2d", size, from, between, 1, 1);
          list.norm(size, between, plain);
        }
        list.add("conv2d", size, between, 1, 1, 1);
        list.norm(size, 1, plain);
        list.add("gate", size, level.attention->skip);
      }
      list.add("concat", size, up.out, up.out);
    }
    for (const ConvBlock& block : level.blocks) {
      list.add("conv2d", size * block.stride, block.in, block.out, 3, block.stride);
      list.norm(size, block.out, norm);
    }
    if (level.pooled) list.add("max_pool2d", size, level.out, 0, 2, 2);
  }
  list.add("conv2d", image, all.back().out, spec.classes, 1, 1);
  return list.shapes;
}

std::vector<OpShape> network_shapes(const ResidualUNetSpec& spec, Index n, Index image) {
  Listing list{n};
  const auto conv = [&](Index size, Index in, Index out, Index kernel, Index stride) {
    list.add("conv2d", size * stride, in, out, kernel, stride);
    list.add("group_norm", size, out, out);
  };
  Index width = spec.size.width_of(0);
  conv(image, spec.in_channels, width, 3, 1);
  for (int level = 0; level <= spec.size.depth; ++level) {
    const Index size = image >> level, out = spec.size.width_of(level);
    for (Index b = 0; b < spec.blocks_of(level); ++b) {
      const bool halves = level > 0 && b == 0;
      conv(size, width, out, 3, halves ? 2 : 1);
      conv(size, out, out, 3, 1);
      if (halves) list.add("depthwise_conv2d", 2 * size, width, 0, 2, 2);
      if (width != out) conv(size, width, out, 1, 1);
      list.add("leaky_relu", size, out);
      width = out;
    }
  }
  for (int level = spec.size.depth - 1; level >= 0; --level) {
    const Index size = image >> level, out = spec.size.width_of(level);
    list.add("conv_transpose2d", size / 2, spec.size.width_of(level + 1), out, 2, 2);
    list.add("concat", size, out, out);
    conv(size, 2 * out, out, 3, 1);
  }
  list.add("conv2d", image, spec.size.width_of(0), spec.classes, 1, 1);
  return list.shapes;
}

std::vector<OpShape> network_shapes(const CmunextSpec& spec, Index n, Index image) {
  Listing list{n};
  const auto conv = [&](Index size, Index in, Index out) {  // with ReLU in its batch norm
    list.add("conv2d", size, in, out, 3, 1);
    list.add("batch_norm2d", size, out);
  };
  const auto activated = [&](Index size, Index width) {
    list.add("gelu", size, width);
    list.add("batch_norm2d", size, width);
  };
  const auto mixed = [&](Index size, Index in, Index between, Index out) {
    list.add("conv2d", size, in, between, 1, 1);
    activated(size, between);
    list.add("conv2d", size, between, out, 1, 1);
    activated(size, out);
  };
  Index width = spec.widths.front();
  conv(image, spec.in_channels, width);
  for (std::size_t level = 0; level < spec.levels(); ++level) {
    const Index size = image >> level;
    for (Index b = 0; b < spec.blocks[level]; ++b) {
      list.add("depthwise_conv2d", size, width, 0, spec.kernels[level], 1);
      activated(size, width);
      mixed(size, width, 4 * width, width);
    }
    conv(size, width, spec.widths[level]);
    width = spec.widths[level];
    if (level + 1 < spec.levels()) list.add("max_pool2d", size, width, 0, 2, 2);
  }
  for (std::size_t level = spec.levels() - 1; level-- > 0;) {
    const Index size = image >> level, out = spec.widths[level];
    list.add("upsample_bilinear2d", size / 2, spec.widths[level + 1]);
    conv(size, spec.widths[level + 1], out);
    list.add("conv2d", size, out, out, 3, 1);
    list.add("conv2d", size, out, out, 3, 1);
    list.add("concat", size, out, out);
    activated(size, 2 * out);
    mixed(size, 2 * out, 4 * out, out);
  }
  list.add("conv2d", image, spec.widths.front(), spec.classes, 1, 1);
  return list.shapes;
}

std::vector<OpShape> all_shapes(Index n, Index image) {
  std::vector<OpShape> shapes;
  const auto add = [&shapes](const OpShape& shape) {
    const bool is_new = std::find(shapes.begin(), shapes.end(), shape) == shapes.end();
    if (is_new && shape.h >= 1) shapes.push_back(shape);
  };
  const auto add_all = [&](const auto& spec) {
    for (const OpShape& shape : network_shapes(spec, n, image)) add(shape);
    for (const char* op : {"log_softmax", "pixel_sums"}) {
      add({op, n, image, image, spec.classes, 0, 0, 0});
    }
    add({"adam", 1, 1, 1, parameter_count(spec), 0, 0, 0});
  };
  for (const UNetPreset& preset : kUNetPresets) add_all(UNetSpec{.preset = preset});
  add_all(ResidualUNetSpec{});
  add_all(CmunextSpec{});
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
