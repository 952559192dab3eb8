#include "apps/training/run_data.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "apps/data/duplicates.h"
#include "apps/training/memory_forecast.h"

namespace dmf {
namespace {

/// What --cache-mb allows, or half of what is free where that is less: the rest is decoded again
/// when it is needed, and results do not depend on it.
std::size_t cache_bytes(const TrainOptions& options) {
  const auto allowed = static_cast<double>(options.cache_mb) * 1048576.0;
  return static_cast<std::size_t>(std::min(allowed, available_memory(Device::cpu()) / 2.0));
}

}  // namespace

SampleSet load_samples(const TrainOptions& options) {
  return load_samples(options, options.preprocess_spec());
}

SampleSet load_samples(const TrainOptions& options, const PreprocessSpec& preprocess) {
  SampleSetOptions how;
  how.preprocess = preprocess;
  how.classes = options.num_classes;
  how.mask_threshold = options.mask_threshold;
  how.skip_broken = options.skip_broken;
  how.cache_bytes = cache_bytes(options);
  return SampleSet(find_dataset(options.data, options.dataset), how);
}

Split make_split(const TrainOptions& options, const SampleSet& samples) {
  if (!options.split_file.empty()) return parse_split(read_csv(options.split_file), samples);
  if (!options.folds_file.empty()) {
    return split_by_fold(parse_folds(read_csv(options.folds_file), samples), options.fold);
  }
  const std::vector<std::size_t> groups =
      options.split == "grouped"
          ? groups_of(near_duplicates(samples, options.duplicate_threshold), samples.size())
          : no_groups(samples.size());
  const std::uint64_t seed = options.split_seed == 0 ? options.seed : options.split_seed;
  if (options.folds == 0) return split_by_seed(groups, seed);
  return split_by_fold(folds_by_seed(groups, options.folds, seed), options.fold);
}

std::string describe_split(const TrainOptions& options) {
  if (!options.split_file.empty()) return "split from a file";
  const std::uint64_t seed = options.split_seed == 0 ? options.seed : options.split_seed;
  if (!options.folds_file.empty()) return fmt::format("fold {} from a file", options.fold);
  if (options.folds == 0) return fmt::format("{} split, seed {}", options.split, seed);
  return fmt::format("fold {} of {}, {}, seed {}", options.fold, options.folds, options.split,
                     seed);
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
  text +=
      fmt::format("split     {}: {} train, {} validation, {} test", describe_split(options),
                  data.split.train.size(), data.split.validation.size(), data.split.test.size());
  return text;
}

}  // namespace dmf
