#include "apps/evaluation/calibration.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <span>

namespace dmf {
namespace {

constexpr std::size_t kMostMargins = std::size_t{1} << 20;
constexpr int kSteps = 28;  // of the search: 0.618^28 of its range is a millionth

/// What a probability of 0 may stand for: smaller ones are no float.
double log_of(float probability) {
  return std::log(static_cast<double>(std::max(probability, std::numeric_limits<float>::min())));
}

std::span<const float> pixel(const Image& probabilities, std::size_t i) {
  const auto C = static_cast<std::size_t>(probabilities.channels);
  return std::span(probabilities.pixels).subspan(i * C, C);
}

}  // namespace

Image calibrated(const Image& probabilities, double temperature) {
  if (temperature == 1.0) return probabilities;
  Image result = probabilities;
  const auto C = static_cast<std::size_t>(probabilities.channels);
  std::vector<double> powers(C);
  for (std::size_t i = 0; i < result.pixels.size(); i += C) {
    const std::span<const float> p = pixel(probabilities, i / C);
    const double largest = log_of(*std::max_element(p.begin(), p.end()));
    double sum = 0.0;
    for (std::size_t c = 0; c < C; ++c) {
      sum += powers[c] = std::exp((log_of(p[c]) - largest) / temperature);
    }
    for (std::size_t c = 0; c < C; ++c) {
      result.pixels[i + c] = static_cast<float>(powers[c] / sum);
    }
  }
  return result;
}

void TemperatureFit::add(const Image& probabilities, const LabelMap& truth, std::int32_t ignored) {
  wrong_ = static_cast<std::size_t>(probabilities.channels) - 1;
  const std::size_t all = truth.labels.size();
  const std::size_t taken = std::clamp<std::size_t>(kMostMargins / wrong_ / images_, 1, all);
  for (std::size_t k = 0; k < taken; ++k) {
    const std::size_t i = k * all / taken;
    if (ignored >= 0 && truth.labels[i] == ignored) continue;
    const std::span<const float> p = pixel(probabilities, i);
    const auto own = static_cast<std::size_t>(truth.labels[i]);
    for (std::size_t c = 0; c < p.size(); ++c) {
      if (c != own) margins_.push_back(static_cast<float>(log_of(p[c]) - log_of(p[own])));
    }
  }
}

void TemperatureFit::add(const TemperatureFit& other) {
  wrong_ = other.wrong_;
  margins_.insert(margins_.end(), other.margins_.begin(), other.margins_.end());
}

double TemperatureFit::cross_entropy(double temperature) const {
  double total = 0.0;
  for (std::size_t i = 0; i < margins_.size(); i += wrong_) {
    const std::span<const float> margins = std::span(margins_).subspan(i, wrong_);
    const double largest =
        std::max(0.0, static_cast<double>(*std::max_element(margins.begin(), margins.end())));
    double sum = std::exp(-largest / temperature);
    for (const float margin : margins) {
      sum += std::exp((static_cast<double>(margin) - largest) / temperature);
    }
    total += largest / temperature + std::log(sum);
  }
  return margins_.empty()
             ? 0.0
             : total * static_cast<double>(wrong_) / static_cast<double>(margins_.size());
}

double TemperatureFit::best() const {
  // Convex in 1/temperature, so that there is one valley in its logarithm too: golden sections.
  const auto at = [this](double log) { return cross_entropy(std::exp(log)); };
  const double golden = (std::sqrt(5.0) - 1.0) / 2.0;
  double low = std::log(kLeast), high = std::log(kMost);
  double left = high - golden * (high - low), right = low + golden * (high - low);
  double at_left = at(left), at_right = at(right);
  for (int step = 0; step < kSteps; ++step) {
    if (at_left <= at_right) {
      high = right;
      right = left;
      at_right = at_left;
      left = high - golden * (high - low);
      at_left = at(left);
    } else {
      low = left;
      left = right;
      at_left = at_right;
      right = low + golden * (high - low);
      at_right = at(right);
    }
  }
  const double found = std::round(1000.0 * std::exp((low + high) / 2.0)) / 1000.0;
  return cross_entropy(found) < cross_entropy(1.0) ? found : 1.0;
}

void Reliability::add(const Image& probabilities, const LabelMap& truth, std::int32_t ignored) {
  for (std::size_t i = 0; i < truth.labels.size(); ++i) {
    if (ignored >= 0 && truth.labels[i] == ignored) continue;
    const std::span<const float> p = pixel(probabilities, i);
    const auto likeliest = std::max_element(p.begin(), p.end());
    const auto confidence = static_cast<double>(*likeliest);
    if (std::isnan(confidence)) continue;  // of a network that broke down: in no bin
    const double above = std::ceil(confidence * static_cast<double>(kBins));
    Bin& bin =
        bins[static_cast<std::size_t>(std::clamp(above, 1.0, static_cast<double>(kBins))) - 1];
    ++bin.pixels;
    bin.sum += confidence;
    if (likeliest - p.begin() == truth.labels[i]) ++bin.right;
  }
}

Reliability& Reliability::operator+=(const Reliability& other) {
  for (std::size_t k = 0; k < kBins; ++k) {
    bins[k].pixels += other.bins[k].pixels;
    bins[k].right += other.bins[k].right;
    bins[k].sum += other.bins[k].sum;
  }
  return *this;
}

std::int64_t Reliability::pixels() const {
  std::int64_t all = 0;
  for (const Bin& bin : bins) all += bin.pixels;
  return all;
}

double Reliability::expected_error() const {
  double error = 0.0;
  for (const Bin& bin : bins) error += std::abs(static_cast<double>(bin.right) - bin.sum);
  return error / static_cast<double>(std::max<std::int64_t>(pixels(), 1));
}

}  // namespace dmf
