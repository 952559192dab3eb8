#include "losses/evaluate.h"

#include <algorithm>

#include "engine/core/check.h"
#include "engine/ops/concat.h"
#include "engine/ops/elementwise.h"
#include "engine/ops/reduce.h"

namespace dmf {
namespace {

/// The needs of several losses as one request, and where each finds its answers.
struct United {
  PixelSumsRequest request;
  std::vector<bool> counts_of;                     // for each loss, whether it asks for counts
  std::vector<std::vector<std::size_t>> terms_of;  // for each loss, in request.terms
};

template <class S>
United unite(const std::vector<const Loss<S>*>& losses, Index classes) {
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
  }
  return united;
}

/// Each loss's value from the row of sums.
template <class S>
std::vector<Variable<S>> values_from(const std::vector<const Loss<S>*>& losses,
                                     const United& united, const Variable<S>& row,
                                     const Tensor<double>& pixels) {
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
    LossInputs<S> inputs{{}, own, pixels};
    if (united.counts_of[k]) {
      // Handles of its own: what a loss passes back is added up by itself before it meets the
      // others', however its formula is written.
      inputs.counts = {1.0 * counts.tp, 1.0 * counts.fp, 1.0 * counts.fn};
    }
    values.push_back(losses[k]->from(inputs));
  }
  return values;
}

}  // namespace

template <class S>
Tensor<double> LossGradients<S>::products() const {
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
                              const Labels& labels, Reduction reduction, WithGradients gradients) {
  DMF_CHECK(!losses.empty(), ValueError, "[loss] no losses: expected at least one.");
  United united = unite(losses, labels.classes());
  united.request.per_image = reduction == Reduction::image;
  united.request.gram = gradients == WithGradients::yes;
  const PixelSums<S> sums = pixel_sums(logits, labels, united.request);
  LossValues<S> result;
  result.values = concat(values_from(losses, united, sums.row, sums.pixels));
  if (gradients == WithGradients::no) return result;
  result.gradients.emplace();
  result.gradients->layout = sums.layout;
  result.gradients->gram = sums.gram;
  // A leaf of its own: the graph of the values is left alone.
  const Variable<S> row(sums.row.value(), true);
  for (const Variable<S>& value : values_from(losses, united, row, sums.pixels)) {
    value.backward(RetainGraph::yes);
    result.gradients->of_sums.push_back(row.grad());
    row.zero_grad();
  }
  return result;
}

#define DMF_INSTANTIATE(S)                                                                       \
  template struct LossGradients<S>;                                                              \
  template LossValues<S> evaluate_losses(const std::vector<const Loss<S>*>&, const Variable<S>&, \
                                         const Labels&, Reduction, WithGradients);
DMF_INSTANTIATE(float)
DMF_INSTANTIATE(double)
#undef DMF_INSTANTIATE

}  // namespace dmf
