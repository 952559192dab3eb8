#include "apps/evaluation/choose_inference.h"

#include <fmt/format.h>

#include <algorithm>

namespace dmf {
namespace {

constexpr double kThresholds[] = {0.5, 0.45, 0.55, 0.4, 0.6, 0.35, 0.65, 0.3, 0.7};
constexpr double kScale = 1.15;  // of the second look: another grid, sizes that training has seen

/// The Dice per image of one set of images under several inferences.
class Trial {
 public:
  Trial(const std::vector<Network<float>*>& members, const SampleSet& samples,
        const std::vector<std::size_t>& items, const PreprocessSpec* at_original, int batch,
        const std::function<void()>& each_time)
      : members_(members),
        samples_(samples),
        items_(items),
        at_original_(at_original),
        batch_(batch),
        each_time_(each_time) {}

  /// candidates  that differ in what comes after the probabilities and their temperature alone
  /// return      of each candidate
  std::vector<double> dice(const std::vector<Inference>& candidates) const {
    const double temperature = candidates.front().temperature;
    const bool is_cut = std::any_of(candidates.begin(), candidates.end(),
                                    [](const Inference& each) { return each.threshold != 0.5; });
    std::vector<double> sums(candidates.size(), 0.0);
    for_each_image(
        candidates.front(),
        [&](const Judged& judged) {
          const Image sure = is_cut ? calibrated(judged.probabilities, temperature) : Image();
          std::vector<double> dice;
          for (const Inference& candidate : candidates) {
            const ImageScore score =
                score_labels(samples_, judged, to_labels(judged.probabilities, sure, candidate));
            dice.push_back(score.has_lesion()         ? score.lesion_dice()
                           : score.predicted_lesion() ? 0.0
                                                      : 1.0);
          }
          return dice;
        },
        [&](const std::vector<double>& dice) {
          for (std::size_t k = 0; k < sums.size(); ++k) sums[k] += dice[k];
        });
    for (double& sum : sums) sum /= static_cast<double>(items_.size());
    return sums;
  }

  TemperatureFit temperature(const Inference& inference) const {
    TemperatureFit fit(items_.size());
    for_each_image(
        inference,
        [&](const Judged& judged) {
          TemperatureFit own(items_.size());
          own.add(judged.probabilities, judged.truth, samples_.mask_encoding().ignored);
          return own;
        },
        [&](const TemperatureFit& own) { fit.add(own); });
    return fit;
  }

 private:
  /// Judges the images of a batch together, and takes what comes of them in order.
  template <class Judge, class Take>
  void for_each_image(const Inference& inference, const Judge& judge, const Take& take) const {
    const Predictor predictor(members_, inference);
    Loader loader(samples_, items_, {.batch = batch_});
    while (const std::optional<Batch> batch = loader.next()) {
      each_time_();
      const std::vector<Image> found = predictor.probabilities(batch->images);
      for (const auto& result : judge_batch(samples_, *batch, found, at_original_, judge)) {
        take(result);
      }
    }
  }

  const std::vector<Network<float>*>& members_;
  const SampleSet& samples_;
  const std::vector<std::size_t>& items_;
  const PreprocessSpec* at_original_;
  int batch_;
  const std::function<void()>& each_time_;
};

}  // namespace

InferenceChoice choose_inference(const std::vector<Network<float>*>& members,
                                 const SampleSet& samples, const std::vector<std::size_t>& items,
                                 const PreprocessSpec* at_original, int batch,
                                 const std::function<void()>& each_time) {
  const Trial trial(members, samples, items, at_original, batch, each_time);
  InferenceChoice choice;
  double best = trial.dice({choice.inference}).front();
  choice.lines.push_back(fmt::format(
      "inference chosen on {} validation images, Dice an image {:.4f}", items.size(), best));
  const auto consider = [&](const std::string& what, const std::vector<Inference>& candidates) {
    const std::vector<double> dice = trial.dice(candidates);
    const auto top = static_cast<std::size_t>(std::max_element(dice.begin(), dice.end()) -
                                              dice.begin());  // of equals the first
    const bool is_better = dice[top] > best;
    choice.lines.push_back(
        fmt::format("  {}: {:.4f}{}", what, dice[top], is_better ? ", taken" : ", left out"));
    if (!is_better) return;
    best = dice[top];
    choice.inference = candidates[top];
  };
  const auto with = [&](bool Inference::*field) {
    Inference candidate = choice.inference;
    candidate.*field = true;
    return std::vector<Inference>{candidate};
  };
  consider("averaged with the mirrored image", with(&Inference::mirror));
  Inference larger = choice.inference;
  larger.scale = kScale;
  consider(fmt::format("averaged with the image {} times as large", kScale), {larger});
  const TemperatureFit fit = trial.temperature(choice.inference);
  choice.inference.temperature = fit.best();  // first: a threshold is of what it gives
  choice.lines.push_back(
      fmt::format("  temperature {}: cross-entropy of a pixel {:.4f}, without {:.4f}",
                  choice.inference.temperature, fit.cross_entropy(choice.inference.temperature),
                  fit.cross_entropy(1.0)));
  if (members.front()->spec().classes == 2) {
    std::vector<Inference> candidates;
    for (const double threshold : kThresholds) {
      candidates.push_back(choice.inference);
      candidates.back().threshold = threshold;
    }
    consider("another threshold, 0.3 to 0.7", candidates);
    if (choice.inference.threshold != 0.5) {
      choice.lines.back() += fmt::format(": {}", choice.inference.threshold);
    }
  }
  consider("holes filled", with(&Inference::fill_holes));
  consider("the largest component alone", with(&Inference::largest_component));
  return choice;
}

}  // namespace dmf
