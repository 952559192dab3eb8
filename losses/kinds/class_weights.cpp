#include "losses/kinds/class_weights.h"

#include <algorithm>
#include <numeric>

#include "engine/core/check.h"

namespace dmf {
namespace {

void require_any(const std::vector<double>& weights) {
  DMF_CHECK(std::any_of(weights.begin(), weights.end(), [](double w) { return w > 0.0; }),
            ValueError, "[loss] no class has a weight above 0: nothing is left to train on.");
}

}  // namespace

std::vector<double> ClassWeights::of_pixels(Index classes) const {
  std::vector<double> all = weights;
  if (all.empty()) all.assign(static_cast<std::size_t>(classes), 1.0);
  DMF_CHECK(static_cast<Index>(all.size()) == classes, ShapeError,
            "[loss] {} class weights for {} classes: expected one a class.", all.size(), classes);
  require_any(all);
  return all;
}

std::vector<double> ClassWeights::of_counts(Index classes) const {
  std::vector<double> all = of_pixels(classes);
  if (!include_background) all.front() = 0.0;
  require_any(all);
  return all;
}

std::vector<double> shares_of(std::vector<double> weights) {
  const double total = std::accumulate(weights.begin(), weights.end(), 0.0);
  for (double& w : weights) w /= total;
  return weights;
}

std::vector<Setting> class_weight_settings() {
  return {{"exclude-background", false, "Leave class 0 out of the count-based losses"},
          {"class-weights", std::vector<double>(), "One a class", kAtLeastZero},
          {"absent-class",
           std::string("penalise_fp"),
           "A class without a labelled pixel in the count-based losses: " + help_of(kAbsentClasses),
           {},
           names_of(kAbsentClasses)},
          {"class-average",
           std::string("macro"),
           "Of the count-based losses: " + help_of(kClassAverages),
           {},
           names_of(kClassAverages)}};
}

ClassWeights class_weights_of(const Settings& settings) {
  return {!settings.flag("exclude-background"), settings.list("class-weights"),
          entry_named(kAbsentClasses, settings.text("absent-class"), "absent-class").value,
          entry_named(kClassAverages, settings.text("class-average"), "class-average").value};
}

}  // namespace dmf
