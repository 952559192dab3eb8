#include "losses/cross_entropy.h"

#include "engine/core/check.h"
#include "engine/ops/pixel_nll.h"
#include "engine/ops/reduce.h"

namespace dmf {
namespace {

template <class S>
class CrossEntropy final : public Loss<S> {
 public:
  explicit CrossEntropy(const LossOptions& options) : options_(options) {}
  std::string_view name() const override { return "cce"; }
  Variable<S> operator()(Prediction<S>& prediction) const override {
    const auto C = static_cast<std::size_t>(prediction.classes());
    std::vector<double> weights = options_.class_weights;
    if (weights.empty()) weights.assign(C, 1.0);
    DMF_CHECK(weights.size() == C, ShapeError,
              "[cce] {} class weights for {} classes: expected one a class.", weights.size(), C);
    return mean(pixel_nll(prediction.log_probs(), prediction.target(), weights, weights,
                          {0.0, options_.ignore_index, options_.per_image}));
  }

 private:
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
