#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "apps/image/image.h"

namespace dmf {

/// Every pixel's probabilities to the power 1/temperature, made to sum to 1: softmax(z / temperature)
/// where they are softmax(z). The order of a pixel's classes stays. Temperature scaling, Guo et al.
/// 2017, "On Calibration of Modern Neural Networks", section 4.2.
Image calibrated(const Image& probabilities, double temperature);

/// The temperature of least cross-entropy on images that were not trained on. Of each image as many
/// pixels at most, spread evenly, as memory of a fixed size has room for.
class TemperatureFit {
 public:
  static constexpr double kLeast = 0.125, kMost = 8.0;

  /// images  that will be added, at least one
  explicit TemperatureFit(std::size_t images) : images_(images) {}

  /// ignored  label of pixels that take no part; negative: none
  void add(const Image& probabilities, const LabelMap& truth, std::int32_t ignored);
  /// What another fit of as many images was given.
  void add(const TemperatureFit& other);
  /// Mean over the pixels of -log of what the true class is given; 0 without pixels.
  double cross_entropy(double temperature) const;
  /// Within [kLeast, kMost], rounded to three digits behind the point; 1 where nothing is better.
  double best() const;

 private:
  std::size_t images_;
  std::size_t wrong_ = 0;       // classes but the true one; 0 before the first image
  std::vector<float> margins_;  // of each pixel and wrong class: log of its share of the true one's
};

/// Whether a pixel's largest probability, its confidence, is the share of pixels of this confidence
/// that are right: 15 bins of equal width over (0, 1], a number on the border in the lower one.
/// Guo et al. 2017, section 2.
struct Reliability {
  struct Bin {
    std::int64_t pixels = 0, right = 0;
    double sum = 0.0;  // of the confidences

    double confidence() const { return sum / static_cast<double>(pixels); }
    double accuracy() const { return static_cast<double>(right) / static_cast<double>(pixels); }
  };
  static constexpr std::size_t kBins = 15;
  std::array<Bin, kBins> bins = {};

  /// Pixels without a probability (not a number) are left out.
  ///
  /// ignored  as TemperatureFit has it
  void add(const Image& probabilities, const LabelMap& truth, std::int32_t ignored);
  Reliability& operator+=(const Reliability& other);
  std::int64_t pixels() const;
  /// Expected calibration error, as defined there: the sum over bins of their share of the pixels times
  /// |accuracy - mean confidence|. 0 without pixels.
  double expected_error() const;
};

}  // namespace dmf
