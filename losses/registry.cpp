#include "losses/registry.h"

#include "losses/cross_entropy/border_cross_entropy.h"
#include "losses/cross_entropy/cross_entropy.h"
#include "losses/cross_entropy/focal.h"
#include "losses/cross_entropy/label_smoothing.h"
#include "losses/cross_entropy/poly1.h"
#include "losses/cross_entropy/topk_cross_entropy.h"
#include "losses/cross_entropy/unified_focal.h"
#include "losses/distance/boundary.h"
#include "losses/distance/hausdorff_dt.h"
#include "losses/formula/expression_loss.h"
#include "losses/kinds/count_loss.h"
#include "losses/kinds/group_loss.h"
#include "losses/kinds/pixel_loss.h"
#include "losses/kinds/term_loss.h"
#include "losses/overlap/cb_dice.h"
#include "losses/overlap/focal_tversky.h"
#include "losses/overlap/generalised_dice.h"
#include "losses/overlap/log_cosh_dice.h"
#include "losses/overlap/lovasz_softmax.h"
#include "losses/overlap/matthews.h"
#include "losses/overlap/mean_dice.h"
#include "losses/overlap/mean_iou.h"
#include "losses/overlap/sensitivity_specificity.h"
#include "losses/overlap/squared_dice.h"
#include "losses/overlap/tversky.h"
#include "losses/overlap/wasserstein_dice.h"

namespace dmf {
namespace {

template <class Formula>
concept ScoresClasses = requires(const Formula& f, const Counts<Variable<double>>& n) {
  f(n);
};
template <class Formula>
concept OfGroups = requires(const Formula& f, const GroupSums<double>& n, const ClassWeights& w) {
  f.of_group(n, w);
};

template <class Formula>
concept OfPixels = requires(const Formula& f, const GroupPixels<double>& x, const ClassWeights& w) {
  f.of_pixels(x, w);
};

/// What a formula is made a loss by.
template <class Formula, class S>
struct Maker {
  using Type = TermLoss<Formula, S>;
  static constexpr bool kOnCounts = false;
  static constexpr MeanOf kMeanOf = MeanOf::pixels;
};
template <ScoresClasses Formula, class S>
struct Maker<Formula, S> {
  using Type = CountLoss<Formula, S>;
  static constexpr bool kOnCounts = true;
  static constexpr MeanOf kMeanOf = MeanOf::classes;
};
template <OfGroups Formula, class S>
struct Maker<Formula, S> {
  using Type = GroupLoss<Formula, S>;
  static constexpr bool kOnCounts = Formula::kOnCounts;
  static constexpr MeanOf kMeanOf = MeanOf::groups;
};

template <OfPixels Formula, class S>
struct Maker<Formula, S> {
  using Type = PixelLoss<Formula, S>;
  static constexpr bool kOnCounts = Formula::kOnCounts;
  static constexpr MeanOf kMeanOf = MeanOf::groups;
};

template <class Formula, class S>
std::unique_ptr<Loss<S>> make(const Settings& settings) {
  return std::make_unique<typename Maker<Formula, S>::Type>(
      std::string(Formula::kName), Formula::from(settings), class_weights_of(settings));
}

template <class Formula>
LossEntry entry() {
  using Made = Maker<Formula, float>;
  return {Formula::kName, Formula::kHelp,       Formula::settings(),  Made::kOnCounts,
          Made::kMeanOf,  make<Formula, float>, make<Formula, double>};
}

}  // namespace

template <>
std::unique_ptr<Loss<float>> LossEntry::make(const Settings& settings_of_all) const {
  return make_float(settings_of_all);
}
template <>
std::unique_ptr<Loss<double>> LossEntry::make(const Settings& settings_of_all) const {
  return make_double(settings_of_all);
}

const std::vector<LossEntry>& losses() {
  static const std::vector<LossEntry> table = {
      entry<CrossEntropy>(),
      entry<MeanIou>(),
      entry<MeanDice>(),
      entry<Focal>(),
      entry<Tversky>(),
      entry<CbDice>(),
      entry<GeneralisedDice>(),
      entry<LogCoshDice>(),
      entry<FocalTversky>(),
      entry<UnifiedFocal>(),
      entry<Matthews>(),
      entry<SensitivitySpecificity>(),
      entry<Poly1>(),
      entry<SquaredDice>(),
      entry<LabelSmoothing>(),
      entry<TopkCrossEntropy>(),
      entry<BorderCrossEntropy>(),
      entry<LovaszSoftmax>(),
      entry<Boundary>(),
      entry<HausdorffDt>(),
      entry<WassersteinDice>(),
  };
  return table;
}

Settings loss_settings() {
  Settings settings = settings_of(losses());
  settings.add(class_weight_settings());
  return settings;
}

template <class S>
std::unique_ptr<Loss<S>> make_loss(std::string_view expression, const Settings& settings) {
  LossExpression wanted = LossExpression::parse(expression);
  if (!wanted.is_formula()) return wanted.root.loss->make<S>(settings);
  return std::make_unique<ExpressionLoss<S>>(std::move(wanted), settings);
}

template std::unique_ptr<Loss<float>> make_loss(std::string_view, const Settings&);
template std::unique_ptr<Loss<double>> make_loss(std::string_view, const Settings&);

}  // namespace dmf
