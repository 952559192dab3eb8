#include "losses/tversky.h"

#include "engine/core/check.h"
#include "losses/overlap.h"

namespace dmf {
namespace {

template <class S>
class Tversky final : public Loss<S> {
 public:
  explicit Tversky(const TverskyOptions& options) : options_(options) {}
  std::string_view name() const override { return "tversky"; }
  void announce(Prediction<S>& prediction) const override {
    prediction.announce_counts(options_.common.grouping());
  }
  Variable<S> operator()(Prediction<S>& prediction) const override {
    return overlap_loss(
        prediction, {1.0, options_.alpha, options_.beta, options_.smooth_nr, options_.smooth_dr},
        options_.common);
  }

 private:
  TverskyOptions options_;
};

}  // namespace

template <class S>
std::unique_ptr<Loss<S>> make_tversky(const TverskyOptions& options) {
  DMF_CHECK(options.alpha >= 0.0 && options.beta >= 0.0, ValueError,
            "[tversky] alpha {}, beta {}: expected >= 0.", options.alpha, options.beta);
  DMF_CHECK(options.smooth_nr >= 0.0 && options.smooth_dr >= 0.0, ValueError,
            "[tversky] smoothing {} / {}: expected >= 0.", options.smooth_nr, options.smooth_dr);
  return std::make_unique<Tversky<S>>(options);
}

template std::unique_ptr<Loss<float>> make_tversky(const TverskyOptions&);
template std::unique_ptr<Loss<double>> make_tversky(const TverskyOptions&);

}  // namespace dmf
