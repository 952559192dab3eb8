#include <algorithm>

#include "dmf/gram_rules/gram_rule.h"

namespace dmf {
namespace {

enum class Normalise : std::uint8_t { none, l2, loss, loss_and_l2 };

constexpr Named<Normalise> kNormalise[] = {{"none", Normalise::none, "by nothing"},
                                           {"l2", Normalise::l2, "by its length"},
                                           {"loss", Normalise::loss, "by its loss"},
                                           {"loss+", Normalise::loss_and_l2, "by both"}};

/// Frank and Wolfe's algorithm for the shortest vector of the hull, as TorchJD stops it.
Weights frank_wolfe(const Gram& gram) {
  constexpr int kSteps = 100;
  constexpr double kEps = 1e-3;
  const std::size_t K = gram.losses();
  Weights w(K, 1.0 / static_cast<double>(K));
  for (int step = 0; step < kSteps; ++step) {
    const Weights along = times(gram, w);
    const auto t =
        static_cast<std::size_t>(std::min_element(along.begin(), along.end()) - along.begin());
    const double a = along[t], b = dot(w, along), c = gram(t, t);
    const double pace = c <= a ? 1.0 : b <= a ? 0.0 : (b - a) / (b + c - 2.0 * a);
    for (std::size_t k = 0; k < K; ++k) w[k] = (1.0 - pace) * w[k] + (k == t ? pace : 0.0);
    if (pace < kEps) break;
  }
  return w;
}

class Mgda final : public GramRule {
 public:
  Mgda(Normalise normalise, bool exact) : normalise_(normalise), exact_(exact) {}

 private:
  bool reads_losses() const override {
    return normalise_ == Normalise::loss || normalise_ == Normalise::loss_and_l2;
  }

  Weights weights(const Gram& gram, const std::vector<double>& losses) override {
    const std::size_t K = gram.losses();
    Weights factor(K, 1.0);  // of each gradient
    for (std::size_t k = 0; k < K; ++k) {
      if (reads_losses()) {
        factor[k] /= positive_loss(losses[k], k, "mgda");
      }
      if (normalise_ == Normalise::l2 || normalise_ == Normalise::loss_and_l2) {
        factor[k] = gram.norm(k) > 0.0 ? factor[k] / gram.norm(k) : 0.0;
      }
    }
    Gram normalised(K);
    for (std::size_t i = 0; i < K; ++i) {
      for (std::size_t j = 0; j < K; ++j) normalised(i, j) = factor[i] * gram(i, j) * factor[j];
    }
    Weights w = exact_ ? shortest_in_hull(normalised) : frank_wolfe(normalised);
    for (std::size_t k = 0; k < K; ++k) w[k] *= factor[k];
    return w;
  }

  Normalise normalise_;
  bool exact_;
};

}  // namespace

/// Multiple gradient descent: the shortest gradient among all weighted means of the losses' own,
/// which lowers every loss unless none can be lowered without another's rise.
///
///   minimise |sum_k a_k g_k / n_k|^2 over a >= 0, sum a = 1    w_k = a_k / n_k
///
/// with n_k one of LibMTL's normalisers: 1, |g_k|, L_k or L_k |g_k|. Without one a short gradient
/// takes nearly all. By Frank and Wolfe's algorithm, from 1 / K, at most 100 steps, until one is
/// shorter than 1e-3, as TorchJD's; or exactly. Where a gradient is 0 it has all the weight, for all
/// means with others are longer; under a normaliser by length then none.
///
/// source  Desideri 2012; Sener & Koltun, NeurIPS 2018
RuleEntry mgda_rule() {
  return {"mgda",
          "the shortest mean of the gradients",
          {{"mgda-normalise",
            std::string("none"),
            "A gradient is divided: " + help_of(kNormalise),
            {},
            names_of(kNormalise)},
           {"mgda-exact", false, "The exact minimum, not Frank and Wolfe's steps towards it"}},
          [](const RuleContext&, const Settings& s) -> std::unique_ptr<WeightingRule> {
            return std::make_unique<Mgda>(
                entry_named(kNormalise, s.text("mgda-normalise"), "mgda-normalise").value,
                s.flag("mgda-exact"));
          }};
}

}  // namespace dmf
