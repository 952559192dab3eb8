#include "apps/evaluation/panels.h"

#include <algorithm>
#include <array>

#include "apps/evaluation/evaluation.h"
#include "apps/image/codecs/image_file.h"

namespace dmf {
namespace {

using Colour = std::array<float, 3>;

// Okabe & Ito's palette, which colour-blind readers can tell apart.
constexpr std::array<Colour, 6> kColours = {{{0.90f, 0.62f, 0.00f},
                                             {0.34f, 0.71f, 0.91f},
                                             {0.00f, 0.62f, 0.45f},
                                             {0.94f, 0.89f, 0.26f},
                                             {0.84f, 0.37f, 0.00f},
                                             {0.80f, 0.47f, 0.65f}}};

bool on_outline(const LabelMap& labels, int h, int w) {
  const std::int32_t own = labels.at(h, w);
  const auto differs = [&](int i, int j) {
    return i >= 0 && i < labels.height && j >= 0 && j < labels.width && labels.at(i, j) != own;
  };
  return differs(h - 1, w) || differs(h + 1, w) || differs(h, w - 1) || differs(h, w + 1);
}

Picture to_picture(const Image& image) {
  Picture picture{image.height, image.width, {}};
  for (int h = 0; h < image.height; ++h) {
    for (int w = 0; w < image.width; ++w) {
      for (int c = 0; c < 3; ++c) {
        picture.samples.push_back(to_byte(image.at(h, w, image.channels == 3 ? c : 0)));
      }
    }
  }
  return picture;
}

}  // namespace

Picture overlay(const Image& image, const LabelMap& labels) {
  Picture picture = to_picture(image);
  for (int h = 0; h < image.height; ++h) {
    for (int w = 0; w < image.width; ++w) {
      const std::int32_t label = labels.at(h, w);
      if (label <= 0) continue;
      const Colour& colour = kColours[static_cast<std::size_t>(label - 1) % kColours.size()];
      const float strength = on_outline(labels, h, w) ? 1.0f : 0.3f;
      for (int c = 0; c < 3; ++c) {
        const float base = image.at(h, w, image.channels == 3 ? c : 0);
        picture.samples[labels.index(h, w) * 3 + static_cast<std::size_t>(c)] =
            to_byte((1.0f - strength) * base + strength * colour[static_cast<std::size_t>(c)]);
      }
    }
  }
  return picture;
}

std::string panel_name(std::string id) {
  std::replace(id.begin(), id.end(), '/', '_');
  return id;
}

Picture panel(const Image& image, const LabelMap& truth, const LabelMap& prediction) {
  const std::array<Picture, 3> parts = {to_picture(image), overlay(image, truth),
                                        overlay(image, prediction)};
  Picture all{parts[0].height, 3 * parts[0].width + 2 * kPanelGap, {}};
  const auto row_bytes = static_cast<std::size_t>(parts[0].width) * 3;
  for (int h = 0; h < all.height; ++h) {
    for (std::size_t p = 0; p < parts.size(); ++p) {
      const auto row = parts[p].samples.begin() +
                       static_cast<std::ptrdiff_t>(static_cast<std::size_t>(h) * row_bytes);
      all.samples.insert(all.samples.end(), row, row + static_cast<std::ptrdiff_t>(row_bytes));
      if (p + 1 < parts.size())
        all.samples.insert(all.samples.end(), std::size_t{3} * kPanelGap, 255);
    }
  }
  return all;
}

Picture panel_of(const Predictor& predictor, const SampleSet& samples, std::size_t item) {
  const Sample sample = samples.sample(item);
  const Image found = predictor.probabilities(stack_images({sample})).front();
  LabelMap truth = sample.labels;
  const std::int32_t ignored = samples.mask_encoding().ignored;
  std::replace(truth.labels.begin(), truth.labels.end(), ignored, 0);  // is of no class
  return panel(sample.image, truth, to_labels(found, predictor.inference()));
}

void write_png(const std::filesystem::path& path, const Picture& picture) {
  write_png(path, picture.height, picture.width, 3, picture.samples);
}

}  // namespace dmf
