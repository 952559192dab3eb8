#include "apps/report/model_card.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <map>

#include "apps/data/augmentation/composition.h"
#include "apps/report/headline.h"
#include "apps/report/image_section.h"
#include "apps/support/option_values.h"

namespace dmf {
namespace {

/// Text of a data set or an option as Markdown shows it, on one line.
std::string plain(const std::string& text) {
  std::string safe;
  for (const char c : text) {
    if (std::string_view("\\`*_<>|[]#").find(c) != std::string_view::npos) safe += '\\';
    safe += c == '\n' ? ' ' : c;
  }
  return safe;
}

/// Scores of parts of the test set, a row each.
std::string parts_table(const Scoreboard& board, const std::vector<ImageScore>& images) {
  struct Part {
    std::size_t images = 0, missed = 0;
    double dice = 0.0;
  };
  std::map<std::string, Part> kinds;
  for (const ImageScore& image : images) {
    if (!image.has_lesion()) continue;
    Part& part = kinds[kind_of(image.id)];
    ++part.images;
    part.missed += image.predicted_lesion() ? 0u : 1u;
    part.dice += image.lesion_dice();
  }
  std::string text =
      "| images with a lesion | how many | missed | lesion Dice, mean |\n| --- | ---: | ---: | ---: |\n";
  for (const Scoreboard::Stratum& size : board.strata) {
    text += fmt::format("| lesion {} of the image | {} | {} | {:.3f} |\n", size.name, size.images,
                        size.missed, size.scores.front().estimate.value);
  }
  constexpr std::size_t kMostKinds = 6;  // of more they are patients' folders, say
  for (const auto& [name, part] : kinds) {
    if (kinds.size() < 2 || kinds.size() > kMostKinds) break;
    text += fmt::format("| {} | {} | {} | {:.3f} |\n", plain(name), part.images, part.missed,
                        part.dice / static_cast<double>(part.images));
  }
  return text;
}

}  // namespace

std::string model_card(const Model& model, const TrainOptions& options, const Provenance& from,
                       const Scoreboard& board, const std::vector<ImageScore>& images) {
  const PreprocessSpec& input = model.preprocess;
  const Network<float>& network = model.network();
  const std::string inference = model.inference.describe();
  std::string text = fmt::format(
      "# {} on {}\n\nA network that marks lesions in images. Research software, not for diagnosis.\n",
      plain(options.model), plain(from.data_set));
  text += fmt::format(
      "\n## Model\n\n- {}, {}; {} parameters, {} classes\n- input {} x {} x {}, {}\n- version {}{}\n",
      plain(options.model), plain(settings_text(options.network_spec().settings)),
      network.parameter_count(), network.spec().classes, input.size, input.size, input.channels,
      input.keep_aspect ? "the image's proportions kept" : "the image scaled to a square",
      from.version, from.commit.empty() ? "" : ", commit " + from.commit);
  if (!inference.empty()) text += fmt::format("- masks: {}\n", plain(inference));
  text += fmt::format("\n## Data\n\n- {}{}\n- {}\n- fingerprint {}\n", plain(from.data_set),
                      from.simulated ? "; **simulated, no patient's**" : "", plain(from.split),
                      from.fingerprint);
  text += fmt::format(
      "\n## Training\n\n- {} weighted by {}, auxiliary {}\n- {}, rate {}, batches of {}, augmentation {}\n",
      plain(fmt::format("{}", fmt::join(options.losses, " + "))), plain(options.fusion.weighting),
      plain(options.auxiliary), options.optimizer, options.lr, options.batch,
      plain(parse_composition(options.augment).text()));
  text += fmt::format("\n## How well it does\n\n{}\n\n{}", plain(headline_sentence(board, from)),
                      parts_table(board, images));
  text +=
      "\n## For what, and what not\n\n"
      "- To study segmentation, on images like those above. No doctor has tried it, and no patient "
      "may depend on it.\n"
      "- Other probes, other clinics and other ways to draw an outline were not tested.\n";
  for (const std::string& line : read_first(&board, from)) text += "- " + plain(line) + "\n";
  return text;
}

}  // namespace dmf
