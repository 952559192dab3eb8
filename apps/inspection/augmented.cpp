#include "apps/inspection/augmented.h"

#include <fmt/format.h>

#include <algorithm>

#include "apps/evaluation/panels.h"
#include "apps/image/codecs/image_file.h"
#include "apps/page/html.h"
#include "apps/page/page.h"

namespace dmf {
namespace {

constexpr std::size_t kImages = 12;
constexpr std::int64_t kDraws = 6;  // of each

HtmlPicture cell_of(Sample sample, std::int32_t ignored, const std::string& caption) {
  std::replace(sample.labels.labels.begin(), sample.labels.labels.end(), ignored, 0);
  const Picture picture = overlay(sample.image, sample.labels);
  return {data_uri("image/jpeg", encode_jpeg(picture.height, picture.width, 3, picture.samples)),
          caption};
}

}  // namespace

std::string augmented_page(const std::string& title, const std::vector<std::string>& understood,
                           const SampleSet& samples, const Composition& composition,
                           std::uint64_t seed) {
  Page page;
  page.title = title;
  page.lines = understood;
  page.lines.push_back("augment   " + composition.text());
  std::vector<std::string> columns = {"as it is"};
  for (std::int64_t epoch = 0; epoch < kDraws; ++epoch) {
    columns.push_back(fmt::format("epoch {}", epoch + 1));
  }
  const std::int32_t ignored = samples.mask_encoding().ignored;
  const std::size_t images = std::min(kImages, samples.size());
  std::vector<std::vector<HtmlPicture>> rows;
  for (std::size_t k = 0; k < images; ++k) {
    const std::size_t item = k * samples.size() / images;
    const Sample sample = samples.sample(item);
    const std::string& id = samples.item(item).id;
    std::vector<HtmlPicture> row = {cell_of(sample, ignored, id)};
    for (std::int64_t epoch = 0; epoch < kDraws; ++epoch) {
      Sample drawn = sample;
      augment(drawn, composition, {seed, epoch, item}, ignored);
      row.push_back(cell_of(std::move(drawn), ignored, id));
    }
    rows.push_back(std::move(row));
  }
  page.add("What a network will see",
           fmt::format("{} of {} images, at the network's size, as the first epochs of a training "
                       "with seed {} draw them. Lesions tinted and outlined.",
                       images, samples.size(), seed),
           picture_rows_html(columns, rows));
  return page.html();
}

}  // namespace dmf
