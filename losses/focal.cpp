#include "losses/focal.h"

#include "engine/core/check.h"
#include "engine/ops/reduce.h"

namespace dmf {
namespace {

template <class S>
class Focal final : public Loss<S> {
 public:
  explicit Focal(const FocalOptions& options) : options_(options) {}
  std::string_view name() const override { return "focal"; }
  void announce(Prediction<S>& prediction) const override {
    prediction.announce_nll(options_.common.grouping(), term(prediction));
  }
  Variable<S> operator()(Prediction<S>& prediction) const override {
    return mean(prediction.nll(options_.common.grouping(), term(prediction)));
  }

 private:
  NllTerm term(const Prediction<S>& prediction) const {
    const auto C = static_cast<std::size_t>(prediction.classes());
    const std::vector<double> normalizer = class_weights(options_.common, prediction.classes());
    std::vector<double> scale = options_.alpha;
    if (scale.size() == 1) scale.assign(C, scale.front());
    DMF_CHECK(scale.size() == C, ShapeError,
              "[focal] {} alphas for {} classes: expected one a class.", scale.size(), C);
    for (std::size_t c = 0; c < C; ++c) scale[c] *= normalizer[c];
    return {options_.gamma, scale, normalizer};
  }

  FocalOptions options_;
};

}  // namespace

template <class S>
std::unique_ptr<Loss<S>> make_focal(const FocalOptions& options) {
  DMF_CHECK(options.gamma >= 0.0, ValueError, "[focal] gamma {}: expected >= 0.", options.gamma);
  DMF_CHECK(!options.alpha.empty(), ValueError, "[focal] no alpha: expected one, or one a class.");
  for (const double alpha : options.alpha) {
    DMF_CHECK(alpha >= 0.0, ValueError, "[focal] alpha {}: expected >= 0.", alpha);
  }
  return std::make_unique<Focal<S>>(options);
}

template std::unique_ptr<Loss<float>> make_focal(const FocalOptions&);
template std::unique_ptr<Loss<double>> make_focal(const FocalOptions&);

}  // namespace dmf
