#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "apps/image/sample.h"
#include "engine/core/rng.h"

namespace dmf {

/// A quantity that is drawn evenly between two bounds, or evenly in its logarithm.
struct Drawn {
  double least, most;
  bool in_logarithm = false;

  double operator()(Rng& rng) const;
};

/// A random change of a sample that its label survives. Labels follow the geometry by nearest
/// neighbour; what turns in from outside the image is black background.
struct Augmentation {
  std::string_view name;  // in the help of --augment
  std::string_view set;   // the first set that it belongs to; it is in all that follow, too
  std::vector<Drawn> settings;
  /// Changes the sample in place; all that is random comes from `rng`.
  void (*apply)(Sample& sample, const std::vector<Drawn>& settings, Rng& rng);
};

// Each in the file of its name.
#define DMF_AUGMENTATION(file) extern const Augmentation file##_augmentation;
#include "apps/data/augmentation/augmentations.def"
#undef DMF_AUGMENTATION

/// What --augment takes.
struct AugmentationSet {
  std::string name;                        // "none", or as augmentations name it
  std::string help;                        // what is in it
  std::vector<const Augmentation*> parts;  // in the order in which they are applied
};

/// The sets, each with all that is in those before it.
const std::vector<AugmentationSet>& augmentation_sets();

/// "none, flips, or strong: flips, rotation, ..."
std::string augmentation_help();

/// Changes the sample in place, by one augmentation of the set after the other. Each draws from
/// `rng` whether or not it changes anything, so that one added at the end changes no other's draws.
void augment(Sample& sample, const AugmentationSet& set, Rng& rng);

}  // namespace dmf
