#include "dmf/loss_history.h"

#include <cmath>
#include <string>

#include "engine/core/errors.h"

namespace dmf {

LossHistory::LossHistory(std::size_t losses, std::size_t capacity)
    : capacity_(capacity), values_(losses) {
  if (losses == 0) throw ValueError("[dmf] no losses: expected at least one.");
  if (capacity == 0) throw ValueError("[dmf] history of 0 values: expected at least 1.");
}

void LossHistory::append(std::span<const double> values) {
  if (values.size() != losses()) {
    throw ValueError("[dmf] " + std::to_string(values.size()) + " values for " +
                     std::to_string(losses()) + " losses.");
  }
  for (std::size_t k = 0; k < values.size(); ++k) {
    if (!std::isfinite(values[k])) {
      throw ValueError("[dmf] loss " + std::to_string(k) + " is " + std::to_string(values[k]) +
                       ": expected a finite value.");
    }
  }
  for (std::size_t k = 0; k < values.size(); ++k) {
    values_[k].push_back(values[k]);
    if (values_[k].size() > capacity_) values_[k].pop_front();
  }
}

}  // namespace dmf
