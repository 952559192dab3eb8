#include "tests/support/mask_files.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "apps/image/codecs/image_file.h"
#include "tests/support/annotation_files.h"
#include "tests/support/image_files.h"
#if DMF_WITH_TIFF
#include "tests/support/tiff_files.h"
#endif
#if DMF_WITH_DICOM
#include "tests/support/dicom_files.h"
#endif

namespace dmf {
namespace {

using Without = MaskWriting::Without;

int between(Rng& rng, int low, int high) {
  return low + static_cast<int>(rng.below(static_cast<std::uint64_t>(high - low + 1)));
}

/// Ways to encode the pixels in one format: null where it cannot hold them.
struct Format {
  std::string name, extension;
  std::string (*samples)(const Drawing& drawing) = nullptr;
  std::string (*palette)(const PaletteDrawing& drawing) = nullptr;
  int most_bits = 16;
  std::vector<int> channels;
  bool holds_alpha = false;  // in a palette
};

std::vector<Format> formats() {
  std::vector<Format> all = {
      {"PNG", ".png", encode_png_samples, encode_png_palette, 16, {1, 2, 3, 4}, true},
      {"BMP",
       ".bmp",
       [](const Drawing& d) { return encode_bmp(d); },
       [](const PaletteDrawing& d) { return encode_bmp_palette(d); },
       8,
       {1, 3}},
  };
#if DMF_WITH_TIFF
  all.push_back({"TIFF",
                 ".tif",
                 [](const Drawing& d) { return encode_tiff(d); },
                 [](const PaletteDrawing& d) { return encode_tiff_palette(d); },
                 16,
                 {1, 2, 3, 4}});
#endif
#if DMF_WITH_DICOM
  all.push_back({"DICOM",
                 ".dcm",
                 [](const Drawing& d) { return encode_dicom({d}); },
                 [](const PaletteDrawing& d) { return encode_dicom_palette(d); },
                 16,
                 {1, 3}});
#endif
  return all;
}

bool holds(const Format& format, const MaskWriting& writing) {
  if (writing.palette.empty()) {
    return writing.largest < 1 << format.most_bits &&
           std::find(format.channels.begin(), format.channels.end(), writing.channels) !=
               format.channels.end();
  }
  return writing.channels == 3 || format.holds_alpha;  // 4: some colour is not opaque
}

/// The labels with those that are ignored as the writing's last class.
LabelMap with_classes(LabelMap labels, const MaskWriting& writing) {
  for (std::int32_t& label : labels.labels) {
    if (label == writing.ignored) label = static_cast<std::int32_t>(writing.pixels.size()) - 1;
  }
  return labels;
}

std::string written(const Format& format, const MaskWriting& writing, const LabelMap& labels) {
  const RawImage raw = write_mask(with_classes(labels, writing), writing);
  if (writing.palette.empty()) {
    return format.samples(
        {raw.height, raw.width, raw.channels, raw.largest > 255 ? 16 : 8, raw.samples});
  }
  return format.palette({raw.height, raw.width, 8, raw.palette, raw.indices});
}

LabelMap drawn_for(const MaskWriting& writing, Rng& rng, bool all_classes) {
  LabelMap labels = draw_mask(rng, static_cast<int>(writing.pixels.size()), all_classes);
  for (std::int32_t& label : labels.labels) {
    if (writing.ignored >= 0 && label == static_cast<int>(writing.pixels.size()) - 1) {
      label = writing.ignored;
    }
  }
  return labels;
}

MaskFiles in_format(const Format& format, const MaskWriting& writing) {
  MaskFiles files{format.name,     writing.name,    writing.without, writing.settles,
                  writing.classes, writing.ignored, format.extension};
  files.draw = [=](Rng& rng, bool all) { return drawn_for(writing, rng, all); };
  files.encode = [=](const LabelMap& labels, Rng&) { return written(format, writing, labels); };
  return files;
}

/// Grey PNGs of fewer than 8 bits; readers scale them to 0..255.
MaskFiles few_bits(const std::string& name, int bits, int classes, Without without,
                   const std::string& settles = "") {
  MaskFiles files{"PNG", name, without, settles, classes};
  files.draw = [=](Rng& rng, bool all) { return draw_mask(rng, classes, all); };
  files.encode = [=](const LabelMap& labels, Rng&) {
    Drawing d{labels.height, labels.width, 1, bits, {}};
    for (const auto label : labels.labels) d.samples.push_back(static_cast<std::uint16_t>(label));
    return encode_png_samples(d);
  };
  return files;
}

/// A disc or two of some size, or nothing: what a smoothed mask needs.
LabelMap draw_discs(Rng& rng, bool all_classes) {
  LabelMap labels(between(rng, 60, 71), between(rng, 60, 71));
  for (int disc = all_classes ? 1 : between(rng, 0, 2); disc > 0; --disc) {
    const double radius = between(rng, 6, 10);
    const double h0 = rng.uniform(0.0, labels.height), w0 = rng.uniform(0.0, labels.width);
    for (int h = 0; h < labels.height; ++h) {
      for (int w = 0; w < labels.width; ++w) {
        if (std::hypot(h - h0, w - w0) < radius) labels.at(h, w) = 1;
      }
    }
  }
  return labels;
}

/// Pixels to the nearest pixel of the other class, at most 4; negative outside.
double signed_distance(const LabelMap& labels, int h, int w) {
  double nearest = 4.0;
  for (int y = std::max(0, h - 3); y <= std::min(labels.height - 1, h + 3); ++y) {
    for (int x = std::max(0, w - 3); x <= std::min(labels.width - 1, w + 3); ++x) {
      if (labels.at(y, x) == labels.at(h, w)) continue;
      nearest = std::min(nearest, std::hypot(y - h, x - w));
    }
  }
  return labels.at(h, w) > 0 ? nearest : -nearest;
}

/// Levels about an edge that is `width` pixels wide, a little noisy: above the middle inside.
std::string smoothed(const LabelMap& labels, double width, Rng& rng) {
  Drawing d{labels.height, labels.width, 1, 8, {}};
  for (int h = 0; h < labels.height; ++h) {
    for (int w = 0; w < labels.width; ++w) {
      const double distance = signed_distance(labels, h, w);
      const double level = 255.0 / (1.0 + std::exp(-distance / width)) + rng.uniform(-8.0, 8.0);
      const double far = distance > 0.0 ? 255.0 : 0.0;
      const double least = distance > 0.0 ? 128.0 : 0.0, most = distance > 0.0 ? 255.0 : 127.0;
      d.samples.push_back(static_cast<std::uint16_t>(
          std::lround(std::abs(distance) > 4.0 * width ? far : std::clamp(level, least, most))));
    }
  }
  return encode_png_samples(d);
}

MaskFiles soft(const std::string& name, double width, Without without,
               const std::string& settles = "") {
  MaskFiles files{"PNG", name, without, settles};
  files.draw = draw_discs;
  files.encode = [=](const LabelMap& labels, Rng& rng) { return smoothed(labels, width, rng); };
  return files;
}

MaskFiles jpeg(const std::string& name, const std::vector<int>& levels, Without without) {
  MaskFiles files{"JPEG", name, without, "", static_cast<int>(levels.size()), -1, ".jpg"};
  files.draw = [=](Rng& rng, bool all) {
    LabelMap labels = draw_discs(rng, all);
    if (levels.size() == 2) return labels;
    for (int h = 0; h < labels.height; ++h) {  // of three classes the left half is the third
      for (int w = 0; w < labels.width / 2; ++w) labels.at(h, w) *= 2;
    }
    for (int h = 20; all && h < 40; ++h) {
      for (int w = 20; w < 50; ++w) labels.at(h, w) = w < 35 ? 2 : 1;
    }
    return labels;
  };
  files.encode = [=](const LabelMap& labels, Rng& rng) {
    Drawing d{labels.height, labels.width, 1, 8, {}};
    for (const auto label : labels.labels) {
      d.samples.push_back(static_cast<std::uint16_t>(levels[static_cast<std::size_t>(label)]));
    }
    return encode_jpeg(d, between(rng, 75, 100));
  };
  return files;
}

/// Outlines of three classes.
MaskFiles annotations(const std::string& name) {
  MaskFiles files{"JSON", name, Without::read, "", 4, -1, ".json"};
  files.draw = [](Rng& rng, bool all) { return draw_mask(rng, 4, all); };
  return files;
}

/// Masks of 0 and 255 whose images, or who themselves, have an EXIF orientation.
MaskFiles tagged(const std::string& name, bool square, Without without, const std::string& settles,
                 std::function<MaskFiles::Tags(Rng&)> tags) {
  MaskFiles files{"EXIF", name, without, settles};
  files.draw = [=](Rng& rng, bool all) {
    for (;;) {
      LabelMap labels = draw_mask(rng, 2, all);
      if (square) {
        const int side = std::min(labels.height, labels.width);
        LabelMap cut(side, side);
        for (int h = 0; h < side; ++h) {
          for (int w = 0; w < side; ++w) cut.at(h, w) = labels.at(h, w);
        }
        return cut;
      }
      if (labels.height != labels.width) return labels;
    }
  };
  files.encode = [](const LabelMap& labels, Rng&) {
    Drawing d{labels.height, labels.width, 1, 8, {}};
    for (const auto label : labels.labels) d.samples.push_back(label > 0 ? 255 : 0);
    return encode_png_samples(d);
  };
  files.tags = std::move(tags);
  return files;
}

}  // namespace

std::vector<MaskFiles> mask_files(Rng& rng) {
  const auto read = Without::read, refused = Without::refused;
  std::vector<MaskFiles> all;
  const std::vector<MaskWriting> writings = mask_writings(rng);
  for (const Format& format : formats()) {
    for (const MaskWriting& writing : writings) {
      if (holds(format, writing)) all.push_back(in_format(format, writing));
    }
  }
  all.push_back(few_bits("1 bit", 1, 2, read));
  all.push_back(few_bits("2 bits, all four levels", 2, 4, refused, "--mask-values 0,85,170,255"));
  all.push_back(few_bits("4 bits, three levels", 4, 3, refused, "--mask-values 0,17,34"));
  all.push_back(soft("soft edges", 0.35, read));
  all.push_back(soft("probability maps", 0.8, read));
  all.push_back(soft("probability maps, wide", 2.5, refused, "--probability-masks"));
  all.push_back(jpeg("0 and 255", {0, 255}, read));
  all.push_back(jpeg("0 and V", {0, between(rng, 128, 254)}, read));
  all.push_back(jpeg("class indices", {0, 1, 2}, refused));
  all.push_back(jpeg("0, 128, 255", {0, 128, 255}, refused));
  all.push_back(annotations("LabelMe, all shapes"));
  all.back().encode = [](const LabelMap& labels, Rng& r) { return labelme_of(labels, r).dump(); };
  all.push_back(annotations("COCO, polygons and run lengths"));
  const auto lying = [](Rng& r) { return between(r, 5, 8); };
  const auto turned = [](Rng& r) { return between(r, 2, 4); };
  all.push_back(tagged("image lies, masks upright", false, read, "", [=](Rng& r) {
    return MaskFiles::Tags{lying(r), 1, true};
  }));
  all.push_back(tagged("image lies, masks as stored", false, read, "", [=](Rng& r) {
    return MaskFiles::Tags{lying(r), 1, false};
  }));
  all.push_back(tagged("image and masks alike", false, read, "", [=](Rng& r) {
    const int both = between(r, 2, 8);
    return MaskFiles::Tags{both, both, true};
  }));
  all.push_back(tagged("masks alone", false, read, "", [=](Rng& r) {
    return MaskFiles::Tags{1, between(r, 2, 8), true};
  }));
  all.push_back(tagged("image upside down or mirrored, masks upright", false, refused,
                       "--exif apply", [=](Rng& r) {
                         return MaskFiles::Tags{turned(r), 1, true};
                       }));
  all.push_back(tagged("image upside down or mirrored, masks as stored", false, refused,
                       "--exif ignore", [=](Rng& r) {
                         return MaskFiles::Tags{turned(r), 1, false};
                       }));
  all.push_back(
      tagged("square image lies, masks upright", true, refused, "--exif apply", [=](Rng& r) {
        return MaskFiles::Tags{lying(r), 1, true};
      }));
  all.push_back(
      tagged("square image lies, masks as stored", true, refused, "--exif ignore", [=](Rng& r) {
        return MaskFiles::Tags{lying(r), 1, false};
      }));
  return all;
}

ImageFile any_image(Rng& rng, int height, int width, int orientation) {
  Drawing d{height, width, 3, 8, {}};
  for (int i = 0; i < height * width; ++i) {
    const int v = between(rng, 20, 200);
    for (const int each : {v, v + 1, v + 2}) d.samples.push_back(static_cast<std::uint16_t>(each));
  }
  const auto of_kind = [&](std::uint64_t kind) -> ImageFile {
    if (kind == 0) return {".png", encode_png_samples(d)};
    if (kind == 1) return {rng.coin() ? ".jpg" : ".JPEG", encode_jpeg(d)};
    if (kind == 2) return {".bmp", encode_bmp(d, RowOrder::top_down)};
#if DMF_WITH_TIFF
    if (kind == 3) return {".tiff", encode_tiff(d)};
#endif
#if DMF_WITH_DICOM
    if (kind == 4) return {".dcm", encode_dicom({d})};
#endif
    return {".PNG", encode_png_samples(d)};
  };
  if (orientation == 1) return of_kind(rng.below(5));
  ImageFile file = of_kind(rng.below(2));
  file.bytes = with_exif(file.bytes, orientation, rng.coin());
  return file;
}

}  // namespace dmf
