#include "losses/registry.h"

#include <algorithm>
#include <charconv>
#include <cmath>

#include "engine/core/check.h"
#include "losses/border_cross_entropy.h"
#include "losses/boundary.h"
#include "losses/cb_dice.h"
#include "losses/composite.h"
#include "losses/count_loss.h"
#include "losses/cross_entropy.h"
#include "losses/focal.h"
#include "losses/focal_tversky.h"
#include "losses/generalised_dice.h"
#include "losses/group_loss.h"
#include "losses/hausdorff_dt.h"
#include "losses/label_smoothing.h"
#include "losses/log_cosh_dice.h"
#include "losses/lovasz_softmax.h"
#include "losses/matthews.h"
#include "losses/mean_dice.h"
#include "losses/mean_iou.h"
#include "losses/pixel_loss.h"
#include "losses/poly1.h"
#include "losses/sensitivity_specificity.h"
#include "losses/squared_dice.h"
#include "losses/term_loss.h"
#include "losses/topk_cross_entropy.h"
#include "losses/tversky.h"
#include "losses/unified_focal.h"
#include "losses/wasserstein_dice.h"

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

/// Takes text apart from the left.
class Reader {
 public:
  explicit Reader(std::string_view text) : rest_(text) {}

  bool take(char wanted) {
    skip_blanks();
    if (rest_.empty() || rest_.front() != wanted) return false;
    rest_.remove_prefix(1);
    return true;
  }
  /// A number, where there is one.
  bool number(double& value) {
    skip_blanks();
    const auto [end, problem] = std::from_chars(rest_.data(), rest_.data() + rest_.size(), value);
    if (problem != std::errc()) return false;
    rest_.remove_prefix(static_cast<std::size_t>(end - rest_.data()));
    return true;
  }
  std::string_view word() {
    skip_blanks();
    const std::size_t size = std::min(rest_.find_first_of("+* \t"), rest_.size());
    const std::string_view word = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return word;
  }
  bool at_end() {
    skip_blanks();
    return rest_.empty();
  }

 private:
  void skip_blanks() {
    rest_.remove_prefix(std::min(rest_.find_first_not_of(" \t"), rest_.size()));
  }

  std::string_view rest_;
};

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

LossExpression LossExpression::parse(std::string_view text) {
  LossExpression expression;
  std::copy_if(text.begin(), text.end(), std::back_inserter(expression.name),
               [](char c) { return c != ' ' && c != '\t'; });
  Reader reader(text);
  do {
    double factor = 1.0;
    if (reader.number(factor)) {
      DMF_CHECK(std::isfinite(factor) && factor > 0.0, ValueError,
                "[loss] '{}': got the factor {}, expected a finite number above 0.", text, factor);
      DMF_CHECK(reader.take('*'), ValueError,
                "[loss] '{}': expected factor*loss, as 0.5*focal + 0.5*tversky.", text);
    }
    expression.parts.push_back({factor, &entry_named(losses(), reader.word(), "loss")});
  } while (reader.take('+'));
  DMF_CHECK(reader.at_end(), ValueError,
            "[loss] '{}': expected a loss, or a sum as 0.5*focal + 0.5*tversky.", text);
  return expression;
}

Settings loss_settings() {
  Settings settings = settings_of(losses());
  settings.add(class_weight_settings());
  return settings;
}

template <class S>
std::unique_ptr<Loss<S>> make_loss(std::string_view expression, const Settings& settings) {
  const LossExpression wanted = LossExpression::parse(expression);
  if (wanted.parts.size() == 1 && wanted.name == wanted.parts.front().loss->name) {
    return wanted.parts.front().loss->make<S>(settings);
  }
  std::vector<typename CompositeLoss<S>::Part> parts;
  for (const LossExpression::Part& part : wanted.parts) {
    parts.push_back({part.factor, part.loss->make<S>(settings)});
  }
  return std::make_unique<CompositeLoss<S>>(wanted.name, std::move(parts));
}

template std::unique_ptr<Loss<float>> make_loss(std::string_view, const Settings&);
template std::unique_ptr<Loss<double>> make_loss(std::string_view, const Settings&);

}  // namespace dmf
