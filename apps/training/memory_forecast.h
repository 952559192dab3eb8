#pragma once

#include <cstddef>
#include <string>

#include "apps/options/options.h"

namespace dmf {

/// What a training step takes in bytes: a part that is always there (weights, their gradients and
/// moments, scratch memory, a checkpoint being written) and one for each image of the batch.
struct MemoryForecast {
  double fixed = 0.0, per_image = 0.0;

  double step(int batch) const { return fixed + per_image * batch; }
  /// The largest batch whose step fits into so many bytes with a third of them to spare; 0 for
  /// none.
  int largest_batch(double bytes) const;
};

/// Computed by making steps of two small batches with a network of these options that is thrown
/// away, and drawing the line through them; for images above 128 x 128 on smaller ones.
///
/// throws  DeviceError when there is not even memory for those
MemoryForecast forecast_memory(const TrainOptions& options);

/// "a step of 32 images needs 1.2 GB, 21.3 GB are free", with the batch that fits where it does
/// not.
std::string memory_text(const MemoryForecast& forecast, int batch, double available);

}  // namespace dmf
