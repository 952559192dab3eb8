#include "losses/mean_iou.h"

#include "engine/core/check.h"
#include "losses/overlap.h"

namespace dmf {
namespace {

template <class S>
class MeanIou final : public Loss<S> {
 public:
  explicit MeanIou(const MeanIouOptions& options) : options_(options) {}
  std::string_view name() const override { return "mean_iou"; }
  void announce(Prediction<S>& prediction) const override {
    prediction.announce_counts(options_.common.grouping());
  }
  Variable<S> operator()(Prediction<S>& prediction) const override {
    return overlap_loss(prediction, {1.0, 1.0, 1.0, options_.smooth_nr, options_.smooth_dr},
                        options_.common);
  }

 private:
  MeanIouOptions options_;
};

}  // namespace

template <class S>
std::unique_ptr<Loss<S>> make_mean_iou(const MeanIouOptions& options) {
  DMF_CHECK(options.smooth_nr >= 0.0 && options.smooth_dr >= 0.0, ValueError,
            "[mean_iou] smoothing {} / {}: expected >= 0.", options.smooth_nr, options.smooth_dr);
  return std::make_unique<MeanIou<S>>(options);
}

template std::unique_ptr<Loss<float>> make_mean_iou(const MeanIouOptions&);
template std::unique_ptr<Loss<double>> make_mean_iou(const MeanIouOptions&);

}  // namespace dmf
