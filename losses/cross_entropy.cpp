#include "losses/cross_entropy.h"

#include "engine/core/check.h"
#include "engine/ops/reduce.h"

namespace dmf {
namespace {

template <class S>
class CrossEntropy final : public Loss<S> {
 public:
  explicit CrossEntropy(const LossOptions& options) : options_(options) {}
  std::string_view name() const override { return "cce"; }
  void announce(Prediction<S>& prediction) const override {
    prediction.announce_nll(options_.grouping(), term(prediction));
  }
  Variable<S> operator()(Prediction<S>& prediction) const override {
    return mean(prediction.nll(options_.grouping(), term(prediction)));
  }

 private:
  NllTerm term(const Prediction<S>& prediction) const {
    const std::vector<double> weights = class_weights(options_, prediction.classes());
    return {0.0, weights, weights};
  }

  LossOptions options_;
};

}  // namespace

template <class S>
std::unique_ptr<Loss<S>> make_cross_entropy(const LossOptions& options) {
  return std::make_unique<CrossEntropy<S>>(options);
}

template std::unique_ptr<Loss<float>> make_cross_entropy(const LossOptions&);
template std::unique_ptr<Loss<double>> make_cross_entropy(const LossOptions&);

}  // namespace dmf
