#include "engine/ops/labels.h"

#include "engine/core/check.h"

namespace dmf {

Labels::Labels(Tensor<std::int32_t> labels, Index classes, std::int32_t ignore_index)
    : labels_(std::move(labels)), classes_(classes), ignore_index_(ignore_index) {
  DMF_CHECK(labels_.shape().rank() == 3, ShapeError, "[labels] {}: expected [N, H, W].",
            labels_.shape().str());
  const Tensor<std::int32_t> on_cpu = labels_.to(Device::cpu());
  for (Index i = 0; i < on_cpu.numel(); ++i) {
    const std::int32_t label = on_cpu.data()[i];
    DMF_CHECK((label >= 0 && label < classes) || label == ignore_index, ValueError,
              "[labels] label {} at pixel {}: expected 0 to {}{}.", label, i, classes - 1,
              ignore_index == kNoIgnore ? "" : fmt::format(", or {} to ignore it", ignore_index));
  }
}

Labels Labels::to(Device device) const {
  Labels there = *this;
  there.labels_ = labels_.to(device);
  return there;
}

}  // namespace dmf
