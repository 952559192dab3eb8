#include "losses/evaluate.h"

#include <algorithm>

#include "engine/core/check.h"
#include "engine/ops/concat.h"
#include "engine/ops/elementwise.h"
#include "engine/ops/reduce.h"
#include "engine/ops/softmax.h"
#include "engine/tensor/inner_product.h"
#include "losses/kinds/soft_sums.h"

namespace dmf {
namespace {

/// The needs of several losses as one request, and where each finds its answers.
struct United {
  PixelSumsRequest request;
  std::vector<bool> counts_of;                     // for each loss, whether it asks for counts
  std::vector<std::vector<std::size_t>> terms_of;  // for each loss, in request.terms
  bool each_pixel = false;
};

/// throws  ValueError naming the losses that ask for each pixel
template <class S>
void require_losses_of_sums(const std::vector<const Loss<S>*>& losses, Index classes) {
  std::vector<std::string> others;
  for (const Loss<S>* loss : losses) {
    if (loss->needs(classes).each_pixel) others.push_back(loss->name());
  }
  DMF_CHECK(others.empty(), ValueError,
            "[loss] {}: got labels that are probabilities, expected a class of each pixel. Choose "
            "losses on sums of pixels, as cce or mean_dice.",
            fmt::join(others, ", "));
}

template <class S>
United unite(const std::vector<const Loss<S>*>& losses, const Variable<S>& logits,
             const PixelLabels<S>& labels) {
  const Index classes = labels.classes();
  if (labels.are_soft()) require_losses_of_sums(losses, classes);
  United united;
  united.request.counts = false;
  std::vector<NllTerm>& all = united.request.terms;
  for (const Loss<S>* loss : losses) {
    const LossNeeds needs = loss->needs(classes);
    united.request.counts = united.request.counts || needs.counts;
    std::vector<std::size_t> places;
    for (const NllTerm& term : needs.terms) {
      const auto found = std::find(all.begin(), all.end(), term);
      places.push_back(static_cast<std::size_t>(found - all.begin()));
      if (found == all.end()) all.push_back(term);
    }
    united.counts_of.push_back(needs.counts);
    united.terms_of.push_back(std::move(places));
    united.each_pixel = united.each_pixel || needs.each_pixel;
    DMF_CHECK(
        !needs.each_pixel || logits.device().is_cpu(), DeviceError,
        "[loss] {}: got pixels on {}, expected the CPU's. It has no kernels for a GPU: choose "
        "another loss, or --device cpu.",
        loss->name(), logits.device().str());
  }
  // Also without a loss that adds up: the pass checks shapes and counts the pixels.
  united.request.counts = united.request.counts || all.empty();
  return united;
}

template <class S>
PixelSums<S> sums_of(const Variable<S>& logits, const PixelLabels<S>& labels,
                     const PixelSumsRequest& request) {
  return labels.are_soft() ? soft_pixel_sums(logits, labels.soft, request)
                           : pixel_sums(logits, labels.hard, request);
}

template <class S>
EachPixel<S> each_pixel_of(const United& united, const Variable<S>& logits,
                           const PixelLabels<S>& labels) {
  if (!united.each_pixel) return {};
  return {log_softmax(logits), softmax(logits), labels.hard};
}

/// Each loss's value from the row of sums, and from each pixel where that was asked for.
template <class S>
std::vector<Variable<S>> values_from(const std::vector<const Loss<S>*>& losses,
                                     const United& united, const Variable<S>& row,
                                     const Tensor<double>& pixels, const EachPixel<S>& each_pixel) {
  Index at = 0;
  const auto next = [&](const Shape& shape) {
    const Variable<S> part = section(row, at, shape);
    at += shape.numel();
    return part;
  };
  Counts<Variable<S>> counts;
  if (united.request.counts) {
    counts.tp = next(pixels.shape());
    counts.fp = next(pixels.shape());
    counts.fn = next(pixels.shape());
  }
  std::vector<Variable<S>> terms;
  for (std::size_t j = 0; j < united.request.terms.size(); ++j) {
    terms.push_back(next(Shape{pixels.size(0)}));
  }
  std::vector<Variable<S>> values;
  for (std::size_t k = 0; k < losses.size(); ++k) {
    std::vector<Variable<S>> own;
    for (const std::size_t j : united.terms_of[k]) own.push_back(terms[j]);
    LossInputs<S> inputs{{}, own, pixels, each_pixel};
    if (united.counts_of[k]) {
      // Handles of its own: what a loss passes back is added up by itself before it meets the
      // others', however its formula is written.
      inputs.counts = {1.0 * counts.tp, 1.0 * counts.fp, 1.0 * counts.fn};
    }
    values.push_back(losses[k]->from(inputs));
  }
  return values;
}

/// The gradient of every loss for the logits, each alone.
template <class S>
std::vector<Tensor<S>> gradients_of(const std::vector<const Loss<S>*>& losses, const United& united,
                                    const Variable<S>& logits, const PixelLabels<S>& labels) {
  const Variable<S> x(logits.value(), true);  // a leaf of its own
  const PixelSums<S> sums = sums_of(x, labels, united.request);
  std::vector<Tensor<S>> all;
  for (const Variable<S>& value :
       values_from(losses, united, sums.row, sums.pixels, each_pixel_of(united, x, labels))) {
    value.backward(RetainGraph::yes);
    all.push_back(x.grad());
    x.zero_grad();
  }
  return all;
}

}  // namespace

template <class S>
Tensor<double> LossGradients<S>::products() const {
  if (!of_logits.empty()) {
    const auto losses = static_cast<Index>(of_logits.size());
    Tensor<double> products(Shape{losses, losses});
    for (Index i = 0; i < losses; ++i) {
      for (Index j = 0; j < losses; ++j) {
        products.data()[i * losses + j] = inner_product(of_logits[static_cast<std::size_t>(i)],
                                                        of_logits[static_cast<std::size_t>(j)]);
      }
    }
    return products;
  }
  const Tensor<double> blocks = gram.to(Device::cpu());
  const Index G = blocks.size(0), R = blocks.size(1);
  const Index C = layout.counts ? (R - layout.terms) / 3 : 0;
  const auto K = static_cast<Index>(of_sums.size());
  std::vector<Tensor<S>> rows;
  for (const Tensor<S>& row : of_sums) rows.push_back(row.to(Device::cpu()));
  const auto at = [&](Index k, Index g, Index sum) {
    return static_cast<double>(
        rows[static_cast<std::size_t>(k)].data()[layout.in_row(sum, g, G, C)]);
  };
  Tensor<double> products = Tensor<double>::zeros(Shape{K, K});
  for (Index i = 0; i < K; ++i) {
    for (Index j = 0; j < K; ++j) {
      for (Index g = 0; g < G; ++g) {
        for (Index a = 0; a < R; ++a) {
          for (Index b = 0; b < R; ++b) {
            products.data()[i * K + j] +=
                at(i, g, a) * blocks.data()[(g * R + a) * R + b] * at(j, g, b);
          }
        }
      }
    }
  }
  return products;
}

template <class S>
LossValues<S> evaluate_losses(const std::vector<const Loss<S>*>& losses, const Variable<S>& logits,
                              const std::type_identity_t<PixelLabels<S>>& labels,
                              Reduction reduction, WithGradients gradients) {
  DMF_CHECK(!losses.empty(), ValueError, "[loss] no losses: expected at least one.");
  United united = unite(losses, logits, labels);
  const bool through_sums = !united.each_pixel && !labels.are_soft();
  united.request.per_image = reduction == Reduction::image;
  united.request.gram = gradients == WithGradients::yes && through_sums;
  const PixelSums<S> sums = sums_of(logits, labels, united.request);
  LossValues<S> result;
  result.values = concat(
      values_from(losses, united, sums.row, sums.pixels, each_pixel_of(united, logits, labels)));
  if (gradients == WithGradients::no) return result;
  LossGradients<S>& found = result.gradients.emplace_back();
  if (!through_sums) {
    found.of_logits = gradients_of(losses, united, logits, labels);
    return result;
  }
  found.layout = sums.layout;
  found.gram = sums.gram;
  // A leaf of its own: the graph of the values is left alone.
  const Variable<S> row(sums.row.value(), true);
  for (const Variable<S>& value : values_from(losses, united, row, sums.pixels, {})) {
    value.backward(RetainGraph::yes);
    found.of_sums.push_back(row.grad());
    row.zero_grad();
  }
  return result;
}

template <class S>
LossValues<S> evaluate_losses(const std::vector<const Loss<S>*>& losses,
                              const std::vector<Variable<S>>& heads,
                              const std::type_identity_t<PixelLabels<S>>& labels,
                              Reduction reduction, WithGradients gradients) {
  DMF_CHECK(!heads.empty(), ValueError, "[loss] no heads: expected the logits of at least one.");
  LossValues<S> all = evaluate_losses(losses, heads.front(), labels, reduction, gradients);
  if (heads.size() == 1) return all;
  double total = 0.0, share = 1.0;
  for (std::size_t h = 0; h < heads.size(); ++h, share /= 2.0) total += share;
  share = 1.0 / total;
  const auto weigh = [&share](LossValues<S>& own) {
    own.values = share * own.values;
    for (LossGradients<S>& each : own.gradients) each.share = share;
  };
  weigh(all);
  for (std::size_t h = 1; h < heads.size(); ++h) {
    share /= 2.0;
    LossValues<S> own = evaluate_losses(losses, heads[h], labels, reduction, gradients);
    weigh(own);
    all.values = all.values + own.values;
    all.gradients.insert(all.gradients.end(), own.gradients.begin(), own.gradients.end());
  }
  return all;
}

#define DMF_INSTANTIATE(S)                                                                       \
  template struct LossGradients<S>;                                                              \
  template LossValues<S> evaluate_losses(const std::vector<const Loss<S>*>&, const Variable<S>&, \
                                         const PixelLabels<S>&, Reduction, WithGradients);       \
  template LossValues<S> evaluate_losses(const std::vector<const Loss<S>*>&,                     \
                                         const std::vector<Variable<S>>&, const PixelLabels<S>&, \
                                         Reduction, WithGradients);
DMF_INSTANTIATE(float)
DMF_INSTANTIATE(double)
#undef DMF_INSTANTIATE

}  // namespace dmf
