#include "apps/data/augmentation/augmentation.h"

#include <fmt/format.h>

#include <cmath>

namespace dmf {

double Drawn::operator()(Rng& rng) const {
  return in_logarithm ? std::exp(rng.uniform(std::log(least), std::log(most)))
                      : rng.uniform(least, most);
}

const std::vector<AugmentationSet>& augmentation_sets() {
  static const std::vector<AugmentationSet> sets = [] {
    std::vector<AugmentationSet> all = {{"none", "", {}}};
    for (const Augmentation* each : {
#define DMF_AUGMENTATION(file) &file##_augmentation,
#include "apps/data/augmentation/augmentations.def"
#undef DMF_AUGMENTATION
         }) {
      if (all.back().name != each->set) {
        AugmentationSet next = all.back();
        next.name = each->set;
        all.push_back(std::move(next));
      }
      all.back().parts.push_back(each);
      if (!all.back().help.empty()) all.back().help += ", ";
      all.back().help += each->name;
    }
    return all;
  }();
  return sets;
}

std::string augmentation_help() {
  const std::vector<AugmentationSet>& sets = augmentation_sets();
  std::string text;
  for (std::size_t i = 0; i < sets.size(); ++i) {
    text += i == 0 ? "" : i + 1 < sets.size() ? ", " : ", or ";
    text += sets[i].name;
    if (sets[i].parts.size() > 1) text += ": " + sets[i].help;
  }
  return text;
}

void augment(Sample& sample, const AugmentationSet& set, Rng& rng) {
  for (const Augmentation* each : set.parts) each->apply(sample, each->settings, rng);
}

}  // namespace dmf
