#include "losses/kinds/soft_sums.h"

#include <cmath>
#include <vector>

#include "engine/core/check.h"
#include "engine/ops/concat.h"
#include "engine/ops/elementwise.h"
#include "engine/ops/reduce.h"
#include "engine/ops/softmax.h"

namespace dmf {
namespace {

/// What the classes of each pixel add up to, beside every one of them: 1, or 0 where it is ignored.
template <class S>
Tensor<S> totals_of(const Tensor<S>& labels) {
  const Index C = labels.size(3);
  Tensor<S> totals(labels.shape());
  for (Index i = 0; i < labels.numel() / C; ++i) {
    double total = 0.0;
    bool negative = false;
    for (Index c = 0; c < C; ++c) {
      total += static_cast<double>(labels.data()[i * C + c]);
      negative = negative || labels.data()[i * C + c] < S{0};
    }
    constexpr double kRounding = 1e-3;  // of probabilities that were stored with three digits
    DMF_CHECK(!negative && (total == 0.0 || std::abs(total - 1.0) <= kRounding), ValueError,
              "[soft_labels] the classes of pixel {} add up to {}{}: expected probabilities that "
              "add up to 1, or all 0 for a pixel that does not count.",
              i, total, negative ? ", one of them below 0" : "");
    for (Index c = 0; c < C; ++c) totals.data()[i * C + c] = static_cast<S>(total);
  }
  return totals;
}

/// of(i, c) for pixel i and class c, as a constant of that shape.
template <class S, class Of>
Variable<S> constant(const Shape& shape, const Of& of) {
  Tensor<S> all(shape);
  for (Index k = 0; k < shape.numel(); ++k) {
    all.data()[k] = static_cast<S>(of(k / shape[3], k % shape[3]));
  }
  return Variable<S>(all);
}

}  // namespace

template <class S>
PixelSums<S> soft_pixel_sums(const Variable<S>& logits, const Tensor<S>& labels,
                             const PixelSumsRequest& request) {
  DMF_CHECK(logits.shape().rank() == 4 && labels.shape() == logits.shape(), ShapeError,
            "[soft_labels] logits {} and labels {}: expected [N, H, W, C] of both.",
            logits.shape().str(), labels.shape().str());
  DMF_CHECK(
      logits.device().is_cpu(), DeviceError,
      "[soft_labels] logits on {}: expected the CPU's. Soft labels have no kernels for a GPU: "
      "choose --device cpu.",
      logits.device().str());
  const Index C = logits.size(3), G = request.per_image ? logits.size(0) : 1;
  const Shape part{logits.size(0) / G, logits.size(1), logits.size(2), C};
  const Variable<S> p = softmax(logits), log_p = log_softmax(logits), t(labels);
  const Variable<S> hit = p * t, invented = p * (Variable<S>(totals_of(labels)) - t),
                    missed = t - hit;
  PixelSums<S> sums;
  sums.layout = {
      {kNoIgnore, request.per_image}, request.counts, static_cast<Index>(request.terms.size())};
  sums.pixels = Tensor<double>::zeros(Shape{G, C});
  for (Index k = 0; k < labels.numel(); ++k) {
    sums.pixels.data()[k / part.numel() * C + k % C] += static_cast<double>(labels.data()[k]);
  }
  // In the order of the row: the counts [3, G, C], then the cross-entropies [J, G].
  std::vector<Variable<S>> row;
  const auto of_group = [&](const Variable<S>& x, Index g) {
    return G == 1 ? x : section(x, g * part.numel(), part);
  };
  for (const Variable<S>& count : {hit, invented, missed}) {
    for (Index g = 0; request.counts && g < G; ++g) {
      for (Index own = 0; own < C; ++own) {
        row.push_back(sum(of_group(count, g) * constant<S>(part, [own](Index, Index c) {
                            return c == own ? 1.0 : 0.0;
                          })));
      }
    }
  }
  for (const NllTerm& term : request.terms) {
    const auto scale = constant<S>(
        logits.shape(), [&](Index, Index c) { return -term.scale[static_cast<std::size_t>(c)]; });
    const Variable<S> each = scale * t * log_p * pow(1.0 - p, term.gamma);
    for (Index g = 0; g < G; ++g) {
      double total = 0.0;
      for (Index c = 0; c < C; ++c) {
        total += term.normalizer[static_cast<std::size_t>(c)] * sums.pixels.data()[g * C + c];
      }
      row.push_back(quotient(1.0, total) * sum(of_group(each, g)));
    }
  }
  sums.row = concat(row);
  return sums;
}

template PixelSums<float> soft_pixel_sums(const Variable<float>&, const Tensor<float>&,
                                          const PixelSumsRequest&);
template PixelSums<double> soft_pixel_sums(const Variable<double>&, const Tensor<double>&,
                                           const PixelSumsRequest&);

}  // namespace dmf
