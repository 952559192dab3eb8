#include <algorithm>
#include <cmath>
#include <type_traits>

#include "engine/core/parallel.h"
#include "engine/kernels/elementwise/gelu.h"
#include "engine/kernels/pixel_sums/pixel_products.h"
#include "engine/kernels/pixel_sums/pixel_sums.h"
#include "engine/kernels/softmax/softmax_pixel.h"

namespace dmf {
namespace {

/// Pixels are worked on in chunks that stay in a core's cache, so what one stage leaves the next
/// finds there. Chunks never straddle two groups.
class Chunks {
 public:
  Chunks(const PixelGroups& groups, const Shape& labels)
      : groups_(groups.count(labels)),
        pixels_(groups_ == 0 ? 0 : labels.numel() / groups_),
        each_(chunk_count(pixels_, kGrain)) {}

  Index count() const { return groups_ * each_; }
  Index of_group() const { return each_; }
  Index group_of(Index chunk) const { return chunk / each_; }
  ChunkRange pixels(Index chunk) const {
    const ChunkRange range = chunk_range(pixels_, kGrain, chunk % each_);
    const Index first = group_of(chunk) * pixels_;
    return {first + range.begin, first + range.end};
  }
  /// to[k] = the sum of from[chunk, k] over the chunks of group g, for `width` values k
  void add_up(const double* from, Index g, Index width, double* to) const {
    std::fill_n(to, width, 0.0);
    for (Index chunk = g * each_; chunk < (g + 1) * each_; ++chunk) {
      for (Index k = 0; k < width; ++k) to[k] += from[chunk * width + k];
    }
  }

 private:
  static constexpr Index kGrain = 4096;

  Index groups_, pixels_, each_;
};

/// (1 - p)^gamma, without pow for the exponents in common use
double focusing(double miss, double gamma) {
  if (gamma == 0.0) return 1.0;
  if (gamma == 1.0) return miss;
  if (gamma == 2.0) return miss * miss;
  return std::pow(miss, gamma);
}

/// d/d(log p) of -(1 - p)^gamma log p, p = exp(lp). It never divides by p, and 1 - p is computed as
/// -expm1(log p), so it is finite for any logits.
double term_slope(double lp, double gamma) {
  if (gamma == 0.0) return -1.0;
  const double miss = -std::expm1(lp);
  double slope = -focusing(miss, gamma);
  if (miss > 0.0) slope += gamma * focusing(miss, gamma - 1.0) * (1.0 - miss) * lp;
  return slope;
}

/// The stages of one call, each over the pixels of one chunk.
template <class T>
struct Stages {
  const PixelSumsSpec& spec;
  Index C;
  const std::int32_t* labels;
  const double* factors;

  /// Calls body(pixel, label) for those that count.
  template <class Body>
  void each(const ChunkRange& range, const Body& body) const {
    for (Index i = range.begin; i < range.end; ++i) {
      if (labels[i] != spec.groups.ignore_index) body(i, labels[i]);
    }
  }

  void count_pixels(const ChunkRange& range, double* pixels) const {
    std::fill_n(pixels, C, 0.0);
    each(range, [&](Index, std::int32_t label) { pixels[label] += 1.0; });
  }

  /// Of 1 - p, FN is summed by itself, as -expm1(log p): N_c - TP_c would lose it where p is close
  /// to 1.
  void count(const ChunkRange& range, const T* log_probs, double* tp) const {
    double* fp = tp + C;
    double* fn = fp + C;
    std::fill_n(tp, 3 * C, 0.0);
    each(range, [&](Index i, std::int32_t label) {
      const T* pixel = log_probs + i * C;
      for (Index c = 0; c < C; ++c) {
        const auto p = static_cast<double>(std::exp(pixel[c]));
        if (c == label) {
          tp[c] += p;
          fn[c] -= static_cast<double>(std::expm1(pixel[c]));
        } else {
          fp[c] += p;
        }
      }
    });
  }

  double sum_term(const ChunkRange& range, const T* log_probs, const TermFactors& term) const {
    double sum = 0.0;
    each(range, [&](Index i, std::int32_t label) {
      const auto lp = static_cast<double>(log_probs[i * C + label]);
      const double focus = *term.gamma == 0.0 ? 1.0 : focusing(-std::expm1(lp), *term.gamma);
      sum += -term.scale[label] * focus * lp;
    });
    return sum;
  }

  /// A pixel's probability, of products alone.
  static double probability(T log_prob) {
    if constexpr (std::is_same_v<T, float>) {
      return static_cast<double>(functors::exp_of_negative(log_prob));
    } else {
      return std::exp(log_prob);
    }
  }

  /// Adds the inner products of what the pixels' gradients for the logits are made of, see PixelProducts.
  ///
  /// numbers  room for PixelBlock::size() of them
  void multiply(const ChunkRange& range, const T* log_probs, double* numbers,
                const PixelProducts& products) const {
    PixelBlock block(numbers, C, products.P);
    for (std::int32_t t = 0; t < C; ++t) {
      if (t == spec.groups.ignore_index) continue;
      for (Index i = range.begin; i < range.end; ++i) {
        if (labels[i] != t) continue;
        block.take(log_probs + i * C);
        if (block.full()) multiply(block, t, products);
      }
      if (block.count > 0) multiply(block, t, products);
    }
  }

  /// The same of a block of pixels that are all labelled t, which is empty after.
  void multiply(PixelBlock& block, std::int32_t t, const PixelProducts& products) const {
    const Index counted = spec.counts ? C : 0, P = products.P;
    const Index n = block.pad();
    double* half = block.half;  // of the sum of squares
    std::fill_n(half, n, 0.0);
    for (Index c = 0; c < C; ++c) {
      double* p = block.p(c);
      for (Index k = 0; k < n; ++k) {
        p[k] = probability(static_cast<T>(block.log_probs(c)[k]));
        half[k] += 0.5 * p[k] * p[k];
      }
    }
    for (Index c = 0; c < counted; ++c) {
      const double* p = block.p(c);
      double *s = block.s(c), *w = block.w(c);
      for (Index k = 0; k < n; ++k) {
        s[k] = p[k];
        w[k] = p[k] * (half[k] - p[k]);
      }
    }
    for (Index j = 0; j < spec.terms; ++j) {
      const TermFactors term = TermFactors::at(factors, j, C);
      const double *p = block.p(t), *lp = block.log_probs(t);
      double *s = block.s(counted + j), *w = block.w(counted + j);
      for (Index k = 0; k < n; ++k) s[k] = term.scale[t] * term_slope(lp[k], *term.gamma);
      for (Index k = 0; k < n; ++k) w[k] = s[k] * (half[k] - p[k]);
    }
    block.clear_padding();
    const auto product = [&](Index a, Index b, bool same_class) {
      return block.product(a, b, n, same_class);
    };
    if (spec.counts) {
      double* own = products.of_label + t * P;
      for (Index l = 0; l < P; ++l) own[l] += product(t, l, l == t || l >= C);
    }
    for (Index k = 0; k < P; ++k) {
      if (spec.counts && k == t) continue;
      double* row = products.of_others + k * P;
      for (Index l = 0; l <= k; ++l) {
        if (spec.counts && l == t) continue;
        row[l] += product(k, l, k == l || l >= counted);
      }
    }
    block.count = 0;
  }

  /// dlog_probs = what the counts pass back, 0 without them
  void count_slopes(const ChunkRange& range, const T* log_probs, Index g, Index G, const T* drow,
                    T* dlog_probs) const {
    if (!spec.counts) {
      std::fill(dlog_probs + range.begin * C, dlog_probs + range.end * C, T{0});
      return;
    }
    const T* dtp = drow + g * C;
    const T* dfp = dtp + G * C;
    const T* dfn = dfp + G * C;
    for (Index i = range.begin; i < range.end; ++i) {
      const std::int32_t label = labels[i];
      for (Index c = 0; c < C; ++c) {
        const T slope = c == label ? dtp[c] - dfn[c] : dfp[c];
        dlog_probs[i * C + c] =
            label == spec.groups.ignore_index ? T{0} : std::exp(log_probs[i * C + c]) * slope;
      }
    }
  }

  /// Adds what a term passes back to each pixel's own class.
  void term_slopes(const ChunkRange& range, const T* log_probs, const TermFactors& term,
                   double dterm, T* dlog_probs) const {
    each(range, [&](Index i, std::int32_t label) {
      const auto lp = static_cast<double>(log_probs[i * C + label]);
      dlog_probs[i * C + label] +=
          static_cast<T>(dterm * term.scale[label] * term_slope(lp, *term.gamma));
    });
  }
};

template <class T>
class CpuPixelSums final : public PixelSumsKernels<T> {
 public:
  void forward(const PixelSumsSpec& spec, In<T> logits, In<std::int32_t> labels, In<double> factors,
               View<T> log_probs, View<T> row, View<double> pixels, View<double> gram,
               Workspace& workspace) const override {
    const Index C = logits.size(-1), G = spec.groups.count(labels.shape), R = spec.of_group(C);
    const Chunks chunks(spec.groups, labels.shape);
    const Stages<T> stages{spec, C, labels.data, factors.data};
    const Index units = std::max<Index>(chunks.count(), 1);
    double* sums = workspace.take<double>(units * R);
    double* counted = workspace.take<double>(units * C);
    parallel_for(chunks.count(), [&](Index chunk) {
      const ChunkRange range = chunks.pixels(chunk);
      double* sum = sums + chunk * R;
      for (Index i = range.begin; i < range.end; ++i) {
        log_softmax_of(logits.data + i * C, C, log_probs.data + i * C);
      }
      stages.count_pixels(range, counted + chunk * C);
      if (spec.counts) stages.count(range, log_probs.data, sum);
      for (Index j = 0; j < spec.terms; ++j) {
        sum[spec.first_term(C) + j] =
            stages.sum_term(range, log_probs.data, TermFactors::at(factors.data, j, C));
      }
    });
    double* group = workspace.take<double>(R);
    for (Index g = 0; g < G; ++g) {
      const double* counts = pixels.data + g * C;
      chunks.add_up(counted, g, C, pixels.data + g * C);
      chunks.add_up(sums, g, R, group);
      for (Index k = 0; k < R; ++k) {
        row.data[spec.in_row(k, g, G, C)] =
            static_cast<T>(quotient(group[k], divisor_of(spec, k, factors.data, counts, C)));
      }
    }
    if (gram) multiply(chunks, stages, log_probs, pixels, gram, workspace);
  }

  // The terms are added last to first: an order that trainings of all versions share.
  void backward(const PixelSumsSpec& spec, In<T> log_probs, In<std::int32_t> labels,
                In<double> factors, In<double> pixels, In<T> drow, View<T> dlogits) const override {
    const Index C = log_probs.size(-1), G = spec.groups.count(labels.shape);
    const Chunks chunks(spec.groups, labels.shape);
    const Stages<T> stages{spec, C, labels.data, factors.data};
    parallel_for(chunks.count(), [&](Index chunk) {
      const ChunkRange range = chunks.pixels(chunk);
      const Index g = chunks.group_of(chunk);
      stages.count_slopes(range, log_probs.data, g, G, drow.data, dlogits.data);
      for (Index j = spec.terms; j-- > 0;) {
        const TermFactors term = TermFactors::at(factors.data, j, C);
        const auto dterm =
            static_cast<double>(drow.data[spec.in_row(spec.first_term(C) + j, g, G, C)]);
        const double divisor = term.denominator(pixels.data + g * C, C);
        stages.term_slopes(range, log_probs.data, term, quotient(dterm, divisor), dlogits.data);
      }
      for (Index i = range.begin; i < range.end; ++i) {
        log_softmax_gradient_of(log_probs.data + i * C, dlogits.data + i * C, C,
                                dlogits.data + i * C);
      }
    });
  }

  void class_shares(ClassSharing sharing, In<double> pixels, In<double> factors, View<T> shares,
                    Workspace& workspace) const override {
    const Index G = pixels.size(0), C = pixels.size(1);
    double* weights = workspace.take<double>(C);
    for (Index g = 0; g < G; ++g) {
      class_shares_of(sharing, pixels.data + g * C, factors.data, C, G, weights,
                      shares.data + g * C);
    }
  }

 private:
  /// Fills gram. A group's chunks are worked on in runs, each with products of its own: as many runs as
  /// give every core work, since of many classes one run's products are megabytes.
  static void multiply(const Chunks& chunks, const Stages<T>& stages, In<T> log_probs,
                       In<double> pixels, View<double> gram, Workspace& workspace) {
    constexpr Index kMostRuns = 64;
    const PixelSumsSpec& spec = stages.spec;
    const Index G = gram.size(0), R = gram.size(1), C = stages.C;
    const Index P = (spec.counts ? C : 0) + spec.terms, size = PixelProducts::size(C, P);
    const Index each = chunks.of_group();
    const Index runs = std::min(each, std::max<Index>(kMostRuns / std::max<Index>(G, 1), 1));
    double* products = workspace.take<double>(std::max<Index>(G * runs * size, 1));
    const Index room = PixelBlock::size(C, P);
    double* numbers = workspace.take<double>(std::max<Index>(G * runs * room, 1));
    parallel_for(G * runs, [&](Index run) {
      const ChunkRange of_run = even_share(each, runs, run % runs);
      double* own = products + run * size;
      std::fill_n(own, size, 0.0);
      for (Index k = of_run.begin; k < of_run.end; ++k) {
        stages.multiply(chunks.pixels(run / runs * each + k), log_probs.data, numbers + run * room,
                        PixelProducts::in(own, C, P, spec.counts));
      }
    });
    double* sum = workspace.take<double>(std::max<Index>(size, 1));
    for (Index g = 0; g < G; ++g) {
      std::fill_n(sum, size, 0.0);
      for (Index run = g * runs; run < (g + 1) * runs; ++run) {
        for (Index k = 0; k < size; ++k) sum[k] += products[run * size + k];
      }
      const PixelProducts all = PixelProducts::in(sum, C, P, spec.counts);
      const double* of_group = pixels.data + g * C;
      for (Index k = 0; k < R * R; ++k) {
        gram.data[g * R * R + k] = quotient(
            quotient(all.of(k / R, k % R), divisor_of(spec, k / R, stages.factors, of_group, C)),
            divisor_of(spec, k % R, stages.factors, of_group, C));
      }
    }
  }
};

}  // namespace

template <class T>
template <InstructionSet>
const PixelSumsKernels<T>& PixelSumsKernels<T>::cpu() {
  static const CpuPixelSums<T> kernels{};
  return kernels;
}
template const PixelSumsKernels<float>& PixelSumsKernels<float>::cpu<kCompiledFor>();
template const PixelSumsKernels<double>& PixelSumsKernels<double>::cpu<kCompiledFor>();

}  // namespace dmf
