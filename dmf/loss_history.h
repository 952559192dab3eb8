#pragma once

#include <cstddef>
#include <deque>
#include <span>
#include <vector>

namespace dmf {

/// The latest values of every loss, oldest first: the dynamic memory of the paper (section 3.2).
class LossHistory {
 public:
  /// throws  ValueError for no losses or no room
  LossHistory(std::size_t losses, std::size_t capacity);

  /// Appends one value a loss, forgetting the oldest beyond the capacity.
  ///
  /// throws  ValueError for another count of values or one that is not finite; the
  ///         memory is unchanged then
  void append(std::span<const double> values);

  std::size_t losses() const { return values_.size(); }
  std::size_t size() const { return values_.front().size(); }  // values held of each loss
  std::vector<double> of(std::size_t loss) const {
    return {values_[loss].begin(), values_[loss].end()};
  }
  std::vector<double> latest() const {  // one value a loss
    std::vector<double> latest;
    for (const std::deque<double>& values : values_) latest.push_back(values.back());
    return latest;
  }

 private:
  std::size_t capacity_;
  std::vector<std::deque<double>> values_;
};

}  // namespace dmf
