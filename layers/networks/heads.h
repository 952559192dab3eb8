#pragma once

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "engine/core/settings.h"
#include "engine/ops/upsample2d.h"
#include "layers/conv2d.h"

namespace dmf {

/// Which logits a pass is to make: those of the head at the image's size, or those of all heads.
enum class WantedHeads : std::uint8_t { first, all };

/// Deep supervision: levels below the image's size have heads of their own (Lee et al.,
/// "Deeply-supervised nets", AISTATS 2015).
inline Setting deep_supervision_setting() {
  return {
      "deep-supervision",
      std::int64_t{0},
      "Levels below the image's size that have heads to be trained too, each at half the weight "
      "of the one above; no more than there are without the lowest that decodes",
      {.least = 0, .most = 7}};
}

/// How many have one.
///
/// most    as the setting has it
/// levels  that decode, the image's size among them; the lowest has no head of its own, as in nnU-Net
inline std::size_t deep_heads(int most, std::size_t levels) {
  return std::min(static_cast<std::size_t>(most), std::max<std::size_t>(levels, 1) - 1);
}

/// The heads of a network that decodes level by level: `head`, a 1 x 1 convolution, on level 0, which
/// has the image's size; `deep1`, `deep2`, ... on the levels below. What these give is brought to the
/// image's size, bilinearly, and so is scored on the labels as they are: no lesion is too small to be
/// in them.
template <class S>
class Heads {
 public:
  /// widths  channels that leave the decoders of level 0, 1, ...
  Heads(const std::vector<Index>& widths, Index classes, Init init, Rng& rng,
        const Compute& compute) {
    for (const Index width : widths) {
      heads_.push_back(std::make_unique<Conv2d<S>>(width, classes, 1, init, rng, compute));
    }
  }

  /// each  is called with every head's name and module
  template <class Each>
  void for_each(const Each& each) {
    for (std::size_t level = 0; level < heads_.size(); ++level) {
      each(level == 0 ? std::string("head") : fmt::format("deep{}", level), *heads_[level]);
    }
  }

  /// Takes in what a level decodes, the lowest first, and puts its logits before those of the levels
  /// below, where they are wanted and it has a head.
  void take(std::size_t level, const Variable<S>& decoded, WantedHeads wanted,
            std::vector<Variable<S>>& logits) {
    if (level >= heads_.size() || (level > 0 && wanted == WantedHeads::first)) return;
    Variable<S> own = heads_[level]->forward(decoded);
    for (std::size_t up = 0; up < level; ++up) own = upsample_bilinear2d(own);
    logits.insert(logits.begin(), own);
  }

 private:
  std::vector<std::unique_ptr<Conv2d<S>>> heads_;
};

/// How many parameters they have.
inline Index head_parameters(const std::vector<Index>& widths, Index classes) {
  Index count = 0;
  for (const Index width : widths) count += conv_parameters(1, width, classes);
  return count;
}

}  // namespace dmf
