#pragma once

#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "losses/evaluate.h"
#include "losses/registry.h"
#include "tests/support/random_tensor.h"

namespace dmf {

inline double value_of(const std::string& loss, const Tensor<double>& logits, const Labels& labels,
                       const Settings& settings = loss_settings(),
                       Reduction reduction = Reduction::batch) {
  return evaluate_loss(*make_loss<double>(loss, settings), Variable<double>(logits), labels,
                       reduction)
      .value()
      .item();
}
inline double value_of(const std::string& loss, const Tensor<double>& logits,
                       const Tensor<std::int32_t>& labels,
                       const Settings& settings = loss_settings(),
                       Reduction reduction = Reduction::batch) {
  return value_of(loss, logits, Labels(labels, logits.size(3)), settings, reduction);
}

inline Settings with(const std::string& name, const Setting::Value& value) {
  Settings settings = loss_settings();
  settings.set(name, value);
  return settings;
}

/// Logits that put all probability on the labels.
inline Tensor<double> certain(const Tensor<std::int32_t>& labels, Index C, double size = 50.0) {
  Tensor<double> logits =
      Tensor<double>::zeros(Shape{labels.size(0), labels.size(1), labels.size(2), C});
  for (Index i = 0; i < labels.numel(); ++i) logits.data()[i * C + labels.data()[i]] = size;
  return logits;
}

/// Settings that differ from the defaults in everything that a loss knows, whichever it is.
inline Settings unusual(Index C) {
  Settings settings = loss_settings();
  for (const Setting& setting : settings.all()) {
    if (std::holds_alternative<double>(setting.initial)) {
      settings.set(setting.name, 0.4 + 0.5 * std::get<double>(setting.initial));
    } else if (setting.name == "wasserstein-dice-distances") {
      std::vector<double> distances;
      for (Index k = 0; k < C * C; ++k) {
        distances.push_back(k % (C + 1) == 0 ? 0.0
                            : k % C == 0     ? 2.0
                                             : 1.0 + 0.1 * static_cast<double>(k));
      }
      settings.set(setting.name, distances);
    } else if (std::holds_alternative<std::vector<double>>(setting.initial)) {
      std::vector<double> list;
      const Index size = setting.name == "tversky-smooth" ? 2 : C;
      for (Index c = 0; c < size; ++c) list.push_back(1.0 + 0.5 * static_cast<double>(c));
      settings.set(setting.name, list);
    } else if (std::holds_alternative<std::int64_t>(setting.initial)) {
      settings.set(setting.name, std::int64_t{1});
    } else if (std::holds_alternative<bool>(setting.initial)) {
      settings.set(setting.name, true);
    } else if (setting.name != "class-average") {  // a balance between classes is none with micro
      settings.set(setting.name, setting.choices.back());
    }
  }
  return settings;
}

/// Between which all values of a loss lie, and what it comes to at a perfect prediction.
struct Bounds {
  double least = 0.0, most = 1.0;
  bool zero_at_truth = true;
};

inline Bounds bounds_of(const std::string& loss) {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  if (loss == "mcc") return {0.0, 2.0, true};
  if (loss == "label_smoothing") return {0.0, kInfinity, false};
  if (loss == "boundary") return {-kInfinity, kInfinity, false};
  for (const char* name :
       {"cce", "focal", "poly1", "unified_focal", "topk_cce", "border_cce", "hausdorff_dt"}) {
    if (loss == name) return {0.0, kInfinity, true};
  }
  return {};
}

/// Three pixels with the labels 1, 0, 0 and probabilities .8, .4, .1 of class 1, which give
///   class 1: TP .8, FP .5, FN .2, TN 1.5;  class 0: TP 1.5, FP .2, FN .5, TN .8
struct ThreePixels {
  Tensor<double> logits =
      Tensor<double>::from(std::vector<double>{std::log(.2), std::log(.8), std::log(.6),
                                               std::log(.4), std::log(.9), std::log(.1)},
                           Shape{1, 1, 3, 2});
  Tensor<std::int32_t> labels =
      Tensor<std::int32_t>::from(std::vector<std::int32_t>{1, 0, 0}, Shape{1, 1, 3});

  double operator()(const std::string& loss, const Settings& settings = loss_settings()) const {
    return value_of(loss, logits, labels, settings);
  }
};

inline const Settings kLesionOnly = with("exclude-background", true);
inline const Settings kWeighted = with("class-weights", std::vector<double>{1.0, 3.0});

}  // namespace dmf
