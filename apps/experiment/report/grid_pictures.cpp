#include "apps/experiment/report/grid_pictures.h"

#include <fmt/format.h>

#include <algorithm>

#include "apps/evaluation/panels.h"
#include "apps/files/folders.h"
#include "apps/image/codecs/image_file.h"
#include "apps/page/html.h"

namespace dmf {
namespace {

namespace fs = std::filesystem;

/// A part of a run's panel: 0 the image, 1 the truth, 2 the prediction.
std::string panel_part(const RawImage& panel, int part) {
  const int width = (panel.width - 2 * kPanelGap) / 3, left = part * (width + kPanelGap);
  std::vector<std::uint8_t> samples;
  for (int h = 0; h < panel.height; ++h) {
    for (int w = left; w < left + width; ++w) {
      for (int c = 0; c < 3; ++c) samples.push_back(static_cast<std::uint8_t>(panel.at(h, w, c)));
    }
  }
  return data_uri("image/png", encode_png(panel.height, width, 3, samples));
}

}  // namespace

void add_pictures(Page& page, const Results& results) {
  const auto all_have = [&](const std::string& repetition) {
    return std::all_of(
        results.configurations.begin(), results.configurations.end(),
        [&](const std::string& c) { return results.find(c, repetition) != nullptr; });
  };
  const auto repetition =
      std::find_if(results.repetitions.begin(), results.repetitions.end(), all_have);
  if (repetition == results.repetitions.end()) return;
  constexpr std::size_t kShown = 8;
  const RunResult& first = *results.find(results.configurations.front(), *repetition);
  const std::size_t shown = std::min(kShown, first.images.size());
  std::string body;
  for (std::size_t k = 0; k < shown; ++k) {
    const std::string name = panel_name(first.images[k * first.images.size() / shown].id);
    const fs::path path = first.folder / "panels" / (name + ".png");
    if (!fs::exists(path)) continue;
    const RawImage panel = read_image(path);
    std::vector<HtmlPicture> pictures = {{panel_part(panel, 0), "image"},
                                         {panel_part(panel, 1), "truth"}};
    for (const std::string& configuration : results.configurations) {
      const RunResult& run = *results.find(configuration, *repetition);
      const fs::path own = run.folder / "panels" / path.filename();
      if (!fs::exists(own)) break;  // of another test set
      std::string caption = configuration;
      for (const ImageScore& image : run.images) {
        if (panel_name(image.id) == name)
          caption += fmt::format(", Dice {:.3f}", image.lesion_dice());
      }
      pictures.push_back({panel_part(read_image(own), 2), caption});
    }
    if (pictures.size() == 2 + results.configurations.size()) {
      body += fmt::format("<h3>{}</h3>\n", escaped(name)) + contact_sheet_html(pictures, true);
    }
  }
  page.add("The same images under every configuration",
           fmt::format("{}: test images evenly spread over the set.", *repetition), body);
}

}  // namespace dmf
