#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <vector>

namespace dmf {

/// Inner products of the losses' own gradients, unweighted: (i, j) = <grad L_i, grad L_j>. All that
/// a rule on gradients needs of them.
class Gram {
 public:
  explicit Gram(std::size_t losses) : losses_(losses), products_(losses * losses, 0.0) {}

  std::size_t losses() const { return losses_; }
  double& operator()(std::size_t i, std::size_t j) { return products_[i * losses_ + j]; }
  double operator()(std::size_t i, std::size_t j) const { return products_[i * losses_ + j]; }

  /// Euclidean length of loss i's gradient.
  double norm(std::size_t i) const { return std::sqrt(std::max(0.0, (*this)(i, i))); }
  /// Between the gradients of two losses, -1 to 1; 0 where either has none.
  double cosine(std::size_t i, std::size_t j) const {
    const double lengths = norm(i) * norm(j);
    return lengths > 0.0 ? std::clamp((*this)(i, j) / lengths, -1.0, 1.0) : 0.0;
  }
  /// Of the first `count` losses alone.
  Gram first(std::size_t count) const {
    Gram part(count);
    for (std::size_t i = 0; i < count; ++i) {
      for (std::size_t j = 0; j < count; ++j) part(i, j) = (*this)(i, j);
    }
    return part;
  }

 private:
  std::size_t losses_;
  std::vector<double> products_;
};

}  // namespace dmf
