#include "tests/support/drawn_masks.h"

#include <algorithm>
#include <stdexcept>

namespace dmf {
namespace {

using Without = MaskWriting::Without;

int between(Rng& rng, int low, int high) {
  return low + static_cast<int>(rng.below(static_cast<std::uint64_t>(high - low + 1)));
}

MaskWriting grey(const std::string& name, const std::vector<int>& values, Without without,
                 const std::string& settles = "", int largest = 255) {
  MaskWriting w{name, static_cast<int>(values.size()), without, settles, 1, largest, {}, {}};
  for (const int value : values) w.pixels.push_back({value});
  return w;
}

MaskWriting samples(const std::string& name, int channels,
                    const std::vector<std::array<int, 4>>& pixels, Without without,
                    const std::string& settles = "") {
  return {name, static_cast<int>(pixels.size()), without, settles, channels, 255, pixels, {}};
}

using Colours = std::vector<std::array<std::uint8_t, 4>>;

MaskWriting indexed(const std::string& name, const std::vector<int>& indices, Colours palette,
                    Without without, const std::string& settles = "") {
  const bool opaque = std::all_of(palette.begin(), palette.end(),
                                  [](const auto& colour) { return colour[3] == 255; });
  MaskWriting w{name, static_cast<int>(indices.size()), without, settles, opaque ? 3 : 4, 255, {},
                {}};
  for (const int index : indices) w.pixels.push_back({index});
  w.palette = std::move(palette);
  return w;
}

Colours ramp() {
  Colours palette;
  for (int i = 0; i < 256; ++i) {
    const auto v = static_cast<std::uint8_t>(i);
    palette.push_back({v, v, v, 255});
  }
  return palette;
}

MaskWriting ignoring(MaskWriting writing) {
  writing.ignored = 255;
  --writing.classes;
  return writing;
}

}  // namespace

LabelMap draw_mask(Rng& rng, int classes, bool all_classes) {
  const bool low = rng.below(3) == 0 && !all_classes, narrow = rng.below(3) == 0 && !all_classes;
  LabelMap map(between(rng, low ? 1 : 5, low ? 3 : 24),
               between(rng, narrow ? 1 : 5, narrow ? 3 : 24));
  const std::uint64_t kind = all_classes ? 2 : rng.below(6);
  if (kind == 0) return map;
  if (kind == 1) {
    std::fill(map.labels.begin(), map.labels.end(), between(rng, 0, classes - 1));
    return map;
  }
  for (int blob = between(rng, 1, 4); blob > 0; --blob) {
    const int label = between(rng, 1, classes - 1);
    const int h0 = between(rng, 0, map.height - 1), w0 = between(rng, 0, map.width - 1);
    const int rh = between(rng, 0, map.height / 3), rw = between(rng, 0, map.width / 3);
    for (int h = std::max(0, h0 - rh); h <= std::min(map.height - 1, h0 + rh); ++h) {
      for (int w = std::max(0, w0 - rw); w <= std::min(map.width - 1, w0 + rw); ++w) {
        map.at(h, w) = label;
      }
    }
  }
  for (int k = 0; all_classes && k < classes; ++k) map.labels[static_cast<std::size_t>(2 * k)] = k;
  return map;
}

RawImage write_mask(const LabelMap& drawn, const MaskWriting& writing) {
  RawImage raw{drawn.height, drawn.width, writing.channels, writing.largest};
  raw.palette = writing.palette;
  for (const std::int32_t label : drawn.labels) {
    const auto& pixel = writing.pixels[static_cast<std::size_t>(label)];
    for (int c = 0; c < writing.channels; ++c) {
      const auto channel = static_cast<std::size_t>(c);
      raw.samples.push_back(static_cast<std::uint16_t>(
          writing.palette.empty() ? pixel[channel]
                                  : writing.palette[static_cast<std::size_t>(pixel[0])][channel]));
    }
    if (!writing.palette.empty()) raw.indices.push_back(static_cast<std::uint8_t>(pixel[0]));
  }
  return raw;
}

void give(MaskOptions& options, const std::string& option) {
  const std::size_t blank = option.find(' ');
  const std::string name = option.substr(0, blank);
  const std::string value = blank == std::string::npos ? "" : option.substr(blank + 1);
  if (name == "--mask-values") {
    options.values = value;
  } else if (name == "--mask-colours") {
    options.colours = value;
  } else if (name == "--mask-from") {
    options.from = entry_named(kMaskFrom, value, "mask-from").value;
  } else if (name == "--ignore-index") {
    options.ignore_index = std::stoi(value);
  } else if (name == "--num-classes") {
    options.classes = std::stoi(value);
  } else if (name == "--invert-masks") {
    options.invert = true;
  } else if (name == "--probability-masks") {
    options.probability = true;
  } else {
    throw std::invalid_argument("no such option: " + option);
  }
}

std::vector<MaskWriting> mask_writings(Rng& rng) {
  const auto read = Without::read, refused = Without::refused, other = Without::other;
  const int V = between(rng, 2, 254), V16 = between(rng, 256, 65534);
  const int K = between(rng, 3, 9);
  std::vector<int> ids;
  for (int k = 0; k < K; ++k) ids.push_back(k);
  const Colours voc = [] {
    Colours p = ramp();
    p[0] = {0, 0, 0, 255};
    const Colours first = {{128, 0, 0, 255}, {0, 128, 0, 255},   {128, 128, 0, 255},
                           {0, 0, 128, 255}, {128, 0, 128, 255}, {0, 128, 128, 255},
                           {64, 0, 0, 255},  {192, 0, 0, 255},   {64, 128, 0, 255}};
    std::copy(first.begin(), first.end(), p.begin() + 1);
    p[255] = {224, 224, 192, 255};
    return p;
  }();
  // A ramp over the classes in use only. With five or more levels of which none has an area it
  // could also be a smoothed mask that was quantised: then it is refused.
  Colours scaled = ramp();
  const int levels = std::min(K, 4);
  const std::vector<int> few_ids(ids.begin(), ids.begin() + levels);
  for (int k = 0; k < levels; ++k) {
    const auto v = static_cast<std::uint8_t>(255 * k / (levels - 1));
    scaled[static_cast<std::size_t>(k)] = {v, v, v, 255};
  }
  const std::string v = std::to_string(V);
  return {
      grey("0 and 1", {0, 1}, read),
      grey("0 and 255", {0, 255}, read),
      grey("0 and V", {0, V}, read),
      grey("0 and 1, 16 bits", {0, 1}, read, "", 65535),
      grey("0 and 255, 16 bits", {0, 255}, read, "", 65535),
      grey("0 and V, 16 bits", {0, V16}, read, "", 65535),
      grey("0 and 65535", {0, 65535}, read, "", 65535),
      grey("class indices", ids, read),
      grey("class indices, 16 bits", ids, read, "", 65535),
      grey("255 and 0", {255, 0}, other, "--invert-masks"),
      grey("V and 0", {V, 0}, other, "--invert-masks"),
      grey("0, 100, 200", {0, 100, 200}, refused, "--mask-values 0,100,200"),
      grey("0, 1, 4", {0, 1, 4}, refused, "--mask-values 0,1,4"),
      grey("255, 128, 0", {255, 128, 0}, refused, "--mask-values 255,128,0"),
      grey("1 and 2", {1, 2}, refused, "--mask-values 1,2"),
      grey("V16, 3 classes", {0, 1000, V16 == 1000 ? 1001 : V16}, refused,
           "--mask-values 0,1000," + std::to_string(V16 == 1000 ? 1001 : V16), 65535),
      ignoring(grey("0, 1, ignored", {0, 1, 255}, refused, "--ignore-index 255")),
      ignoring(grey("0, 1, 2, ignored", {0, 1, 2, 255}, refused, "--ignore-index 255")),
      samples("grey in three channels", 3, {{0, 0, 0}, {255, 255, 255}}, read),
      samples("class indices in three channels", 3, {{0, 0, 0}, {1, 1, 1}, {2, 2, 2}}, read),
      samples("one colour on black", 3, {{0, 0, 0}, {200, 10, V}}, read),
      samples("one colour on white", 3, {{255, 255, 255}, {255, 0, 0}}, refused,
              "--mask-colours ffffff,ff0000"),
      samples("colours on black", 3, {{0, 0, 0}, {255, 0, 0}, {0, 255, 0}}, refused,
              "--mask-colours 000000,ff0000,00ff00"),
      samples("colours of one luminance", 3, {{0, 0, 0}, {255, 0, 0}, {0, 130, 0}}, refused,
              "--mask-colours 000000,ff0000,008200"),
      samples("opaque", 4, {{0, 0, 0, 255}, {255, 255, 255, 255}}, read),
      samples("grey with alpha, opaque", 2, {{0, 255}, {V, 255}}, read),
      samples("all transparent", 4, {{0, 0, 0, 0}, {255, 255, 255, 0}}, read),
      samples("black on transparent", 4, {{0, 0, 0, 0}, {0, 0, 0, 255}}, read),
      samples("white on transparent", 4, {{255, 255, 255, 0}, {255, 255, 255, 255}}, read),
      samples("grey on transparent", 2, {{V, 0}, {V, 255}}, read),
      samples("red on transparent", 4, {{255, 0, 0, 0}, {255, 0, 0, 255}}, read),
      samples("white on transparent black", 4, {{0, 0, 0, 0}, {255, 255, 255, 255}}, read),
      samples("red on transparent white", 4, {{255, 255, 255, 0}, {255, 0, 0, 255}}, read),
      samples("black on transparent white", 4, {{255, 255, 255, 0}, {0, 0, 0, 255}}, refused,
              "--mask-from alpha"),
      samples("colours on transparent", 4, {{0, 0, 0, 0}, {255, 0, 0, 255}, {0, 255, 0, 255}},
              refused, "--mask-colours 000000,ff0000,00ff00"),
      samples("class indices in alpha", 4, {{9, 9, 9, 0}, {9, 9, 9, 1}, {9, 9, 9, 2}}, read),
      indexed("palette, 0 and 1", {0, 1}, voc, read),
      indexed("palette, class indices", ids, voc, read),
      ignoring(indexed("palette, ignored", {0, 1, 2, 255}, voc, refused, "--ignore-index 255")),
      indexed("grey ramp", {0, 255}, ramp(), read),
      indexed("grey ramp, 0 and V", {0, V}, ramp(), read),
      indexed("grey ramp, class indices", ids, ramp(), read),
      indexed("scaled ramp", few_ids, scaled, read),
      indexed("ramp upside down", {1, 0}, {{255, 255, 255, 255}, {0, 0, 0, 255}}, refused,
              "--mask-from luminance"),
      indexed("ramp upside down, index meant", {0, 1}, {{255, 255, 255, 255}, {0, 0, 0, 255}},
              refused, "--mask-from palette"),
      indexed("quantised, red first", {1, 0}, {{255, 0, 0, 255}, {0, 0, 0, 255}}, refused,
              "--mask-from luminance"),
      indexed("transparent background", {0, 1}, {{0, 0, 0, 0}, {128, 0, 0, 255}}, read),
      indexed("three colours, black last", {0, 1, 2},
              {{255, 0, 0, 255}, {0, 255, 0, 255}, {0, 0, 0, 255}}, refused, "--mask-from palette"),
  };
}

}  // namespace dmf
