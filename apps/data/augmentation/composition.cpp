#include "apps/data/augmentation/composition.h"

namespace dmf {

const std::vector<const Transform*>& transforms() {
  static const std::vector<const Transform*> all = {
#define DMF_TRANSFORM(file) &file##_transform,
#include "apps/data/augmentation/transforms.def"
#undef DMF_TRANSFORM
  };
  return all;
}

std::vector<TransformSetting> settings_of(const Transform& transform) {
  std::vector<TransformSetting> all = {
      {{"p", transform.probability, "with which it happens to an image", kUnit}, "probability"}};
  all.insert(all.end(), transform.settings.begin(), transform.settings.end());
  return all;
}

TransformSetting outside_setting() {
  return {
      {"outside", name_of(kOutsides, Outside::black), help_of(kOutsides), {}, names_of(kOutsides)}};
}

void augment(Sample& sample, const Composition& composition, const DrawKey& key,
             std::int32_t ignored) {
  Warp warp;
  Outside outside = Outside::black;
  std::size_t next = 0;
  const auto draws_of = [&key](const TransformUse& use) {
    return TransformDraws(key, use.transform->name, use.occurrence, use.settings);
  };
  for (; next < composition.uses.size(); ++next) {
    const TransformUse& use = composition.uses[next];
    if (use.transform->move == nullptr) break;
    if (use.settings.knows("outside")) {
      outside = entry_named(kOutsides, use.settings.text("outside"), "outside").value;
    }
    TransformDraws draws = draws_of(use);
    if (draws.happens(use.settings.number("p"))) use.transform->move(warp, sample.image, draws);
  }
  if (!warp.is_identity()) resample(sample, warp, outside, ignored);
  for (; next < composition.uses.size(); ++next) {
    const TransformUse& use = composition.uses[next];
    TransformDraws draws = draws_of(use);
    if (draws.happens(use.settings.number("p"))) use.transform->change(sample.image, draws);
  }
}

}  // namespace dmf
