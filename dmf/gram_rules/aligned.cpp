#include <cmath>
#include <limits>
#include <numeric>

#include "dmf/gram_rules/gram_rule.h"

namespace dmf {
namespace {

enum class Scale : std::uint8_t { least, median, mean };

constexpr Named<Scale> kScales[] = {{"min", Scale::least, "the least"},
                                    {"median", Scale::median, "their (lower) median"},
                                    {"rmse", Scale::mean, "their mean"}};

class Aligned final : public GramRule {
 public:
  explicit Aligned(Scale scale) : scale_(scale) {}

 private:
  Weights weights(const Gram& gram, const std::vector<double>&) override {
    const std::size_t K = gram.losses();
    const Spectrum s = spectrum(gram);
    const double least = s.values.back() * static_cast<double>(K) *
                         static_cast<double>(std::numeric_limits<float>::epsilon());
    std::size_t first = 0;  // of the eigenvalues that count
    while (first + 1 < K && !(s.values[first] > least)) ++first;
    const auto kept = s.values.begin() + static_cast<std::ptrdiff_t>(first);
    const std::size_t rank = K - first;
    const double scale =
        scale_ == Scale::least ? *kept
        : scale_ == Scale::median
            ? *(kept + static_cast<std::ptrdiff_t>((rank - 1) / 2))
            : std::accumulate(kept, s.values.end(), 0.0) / static_cast<double>(rank);
    const Weights preference(K, 1.0 / static_cast<double>(K));
    Weights w(K, 0.0);
    for (std::size_t k = first; k < K; ++k) {
      const double along = std::sqrt(scale / s.values[k]) * dot(s.vectors[k], preference);
      for (std::size_t i = 0; i < K; ++i) w[i] += along * s.vectors[k][i];
    }
    return w;
  }

  Scale scale_;
};

}  // namespace

/// Aligned-MTL: the gradients' principal components are made of one length.
///
///   G = V diag(l) V^T    w = sqrt(s) V diag(l^(-1/2)) V^T 1 / K    s: the least l, their median or mean
///
/// Components of l up to K float roundings of the largest are left out. Weights can be negative.
///
/// source  Senushkin et al., "Independent Component Alignment for Multi-Task Learning", CVPR 2023, as
///         TorchJD has it (LibMTL's weights are K times these)
RuleEntry aligned_rule() {
  return {"aligned",
          "principal components of one length",
          {{"aligned-scale",
            std::string("min"),
            "That length, among the components': " + help_of(kScales),
            {},
            names_of(kScales)}},
          [](const RuleContext&, const Settings& s) -> std::unique_ptr<WeightingRule> {
            return std::make_unique<Aligned>(
                entry_named(kScales, s.text("aligned-scale"), "aligned-scale").value);
          }};
}

}  // namespace dmf
