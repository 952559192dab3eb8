#include "apps/training/run_data.h"

#include <fmt/format.h>

#include <map>

namespace dmf {

SampleSet load_samples(const TrainOptions& options) {
  SampleSetOptions how;
  how.preprocess = options.preprocess_spec();
  how.classes = options.num_classes;
  how.mask_threshold = options.mask_threshold;
  how.skip_broken = options.skip_broken;
  how.cache_bytes = static_cast<std::size_t>(options.cache_mb) << 20;
  return SampleSet(find_dataset(options.data, options.dataset), how);
}

RunData load_data(const TrainOptions& options) {
  SampleSet samples = load_samples(options);
  Split split;
  if (!options.split_file.empty()) {
    split = read_split(options.split_file, samples);
  } else if (options.split == "grouped") {
    split =
        split_by_seed(near_duplicate_groups(samples, options.duplicate_threshold), options.seed);
  } else {
    split = split_by_seed(no_groups(samples.size()), options.seed);
  }
  return {std::move(samples), std::move(split)};
}

std::string describe_data(const RunData& data, const TrainOptions& options) {
  const SampleSet& samples = data.samples;
  std::map<std::string, std::size_t> counts;
  double share = 0.0;
  for (std::size_t i = 0; i < samples.size(); ++i) {
    ++counts[samples.item(i).image_class];
    share += samples.lesion_share(i) / static_cast<double>(samples.size());
  }
  std::string text =
      fmt::format("data      {}: {} images", samples.dataset().layout, samples.size());
  const std::map<std::string, int> published = {
      {"benign", 437}, {"malignant", 210}, {"normal", 133}};
  for (const auto& [name, count] : counts) {
    const auto of = published.find(name);
    if (samples.dataset().layout == "BUSI" && of != published.end()) {
      text += fmt::format(", {} {} (BUSI: {})", count, name, of->second);
    } else if (!name.empty()) {
      text += fmt::format(", {} {}", count, name);
    }
  }
  text += fmt::format("; lesion {:.1f} % of the pixels\n", 100.0 * share);
  text += fmt::format("masks     {}\n", samples.mask_rule().describe());
  for (const std::string& note : samples.dataset().notes)
    text += fmt::format("          {}\n", note);
  if (!samples.broken().empty()) {
    text +=
        fmt::format("warning: {} broken image{} left out: {}\n", samples.broken().size(),
                    samples.broken().size() == 1 ? "" : "s", fmt::join(samples.broken(), " | "));
  }
  const std::string how = !options.split_file.empty()
                              ? "from " + options.split_file
                              : options.split + fmt::format(", seed {}", options.seed);
  text +=
      fmt::format("split     {}: {} train, {} validation, {} test", how, data.split.train.size(),
                  data.split.validation.size(), data.split.test.size());
  return text;
}

}  // namespace dmf
