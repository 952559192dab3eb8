#include <cmath>

#include "engine/cuda/elements.cuh"
#include "engine/cuda/reduce.cuh"
#include "engine/kernels/pixel_terms/pixel_terms.h"

namespace dmf::cuda {

/// Sizes and constants of one call.
template <class T>
struct PixelTermsCall {
  /// Pixels that one block adds up; chunks never straddle two groups.
  static constexpr Index kChunk = 2048;

  Index G, C, pixels, chunks;  // pixels and chunks of a group
  std::int32_t ignored;
  bool counts;
  int nll;
  T gamma[PixelTermsSpec::kMostNll];
  const std::int32_t* target;
  const double* factors;  // [nll, 2, C]

  PixelTermsCall(const PixelTermsSpec& spec, In<std::int32_t> labels, In<double> given,
                 Index classes)
      : G(spec.per_image ? labels.size(0) : 1),
        C(classes),
        pixels(G == 0 ? 0 : labels.numel() / G),
        chunks((pixels + kChunk - 1) / kChunk),
        ignored(spec.ignore_index),
        counts(spec.counts),
        nll(spec.nll),
        target(labels.data),
        factors(given.data) {
    for (int j = 0; j < PixelTermsSpec::kMostNll; ++j) gamma[j] = static_cast<T>(spec.gamma[j]);
  }

  /// Sums that a chunk leaves: TP, FP, FN of every class, then {terms, normalizers} of each nll.
  __host__ __device__ Index sums() const { return 3 * C + 2 * nll; }
  __device__ double scale(int j, std::int32_t label) const { return factors[2 * j * C + label]; }
  __device__ double normalizer(int j, std::int32_t label) const {
    return factors[(2 * j + 1) * C + label];
  }
  __device__ Index first_nll() const { return counts ? 3 * G * C : 0; }
};

namespace {

constexpr int kMostNll = PixelTermsSpec::kMostNll;

/// (1 - p)^gamma, without pow for the exponents in common use
template <class T>
__device__ T focusing(T miss, T gamma) {
  if (gamma == T{0}) return T{1};
  if (gamma == T{1}) return miss;
  if (gamma == T{2}) return miss * miss;
  return std::pow(miss, gamma);
}

/// The one pass: log_probs, and parts [G, chunks, sums].
template <class E, class T>
__global__ void add_terms(PixelTermsCall<T> terms, const E* logits, T* log_probs, double* parts) {
  __shared__ double scratch[3][kThreads / 32];
  const Index group = blockIdx.y, begin = blockIdx.x * terms.kChunk, C = terms.C;
  const Index end = begin + terms.kChunk < terms.pixels ? begin + terms.kChunk : terms.pixels;
  double* mine = parts + (group * terms.chunks + blockIdx.x) * terms.sums();
  double sum[kMostNll] = {}, weight[kMostNll] = {};
  for (Index q = begin + threadIdx.x; q < end; q += blockDim.x) {
    const Index i = group * terms.pixels + q;
    T largest = load(logits[i * C]), exponentials{0};
    for (Index c = 1; c < C; ++c) {
      const T value = load(logits[i * C + c]);
      largest = value > largest ? value : largest;
    }
    for (Index c = 0; c < C; ++c) exponentials += std::exp(load(logits[i * C + c]) - largest);
    const T log_sum = std::log(exponentials);
    for (Index c = 0; c < C; ++c) {
      log_probs[i * C + c] = (load(logits[i * C + c]) - largest) - log_sum;
    }
    const std::int32_t label = terms.target[i];
    if (label == terms.ignored) continue;
    const T lp = log_probs[i * C + label];
    for (int j = 0; j < kMostNll; ++j) {
      if (j >= terms.nll) break;
      const T miss = static_cast<T>(-std::expm1(lp));
      sum[j] -= terms.scale(j, label) * static_cast<double>(focusing(miss, terms.gamma[j]) * lp);
      weight[j] += terms.normalizer(j, label);
    }
  }
  for (int j = 0; j < kMostNll; ++j) {
    if (j >= terms.nll) break;
    const double pixels = block_sum(sum[j], scratch[0]);
    const double normalizers = block_sum(weight[j], scratch[1]);
    if (threadIdx.x == 0) {
      mine[3 * C + 2 * j] = pixels;
      mine[3 * C + 2 * j + 1] = normalizers;
    }
    __syncthreads();
  }
  if (!terms.counts) return;
  for (Index c = 0; c < C; ++c) {  // of the thread's own pixels, which the cache still holds
    T tp{0}, fp{0}, fn{0};
    for (Index q = begin + threadIdx.x; q < end; q += blockDim.x) {
      const Index i = group * terms.pixels + q;
      const std::int32_t label = terms.target[i];
      if (label == terms.ignored) continue;
      const T lp = log_probs[i * C + c];
      if (label == c) {
        tp += std::exp(lp);
        fn -= std::expm1(lp);
      } else {
        fp += std::exp(lp);
      }
    }
    const double all[3] = {static_cast<double>(tp), static_cast<double>(fp),
                           static_cast<double>(fn)};
    for (int k = 0; k < 3; ++k) {
      const double total = block_sum(all[k], scratch[k]);
      if (threadIdx.x == 0) mine[k * C + c] = total;
    }
    __syncthreads();
  }
}

/// One block a group and a term of the row: adds its parts up, in order.
template <class T>
__global__ void finish_terms(PixelTermsCall<T> terms, const double* parts, T* row, double* totals) {
  __shared__ double scratch[2][kThreads / 32];
  const Index g = blockIdx.x;
  const auto term = static_cast<Index>(blockIdx.y) + (terms.counts ? 0 : 3 * terms.C);
  const bool is_nll = term >= 3 * terms.C;
  const Index j = term - 3 * terms.C;
  const Index at = is_nll ? 3 * terms.C + 2 * j : term;
  double sum = 0.0, weight = 0.0;
  for (Index chunk = threadIdx.x; chunk < terms.chunks; chunk += blockDim.x) {
    const double* part = parts + (g * terms.chunks + chunk) * terms.sums() + at;
    sum += part[0];
    if (is_nll) weight += part[1];
  }
  sum = block_sum(sum, scratch[0]);
  weight = block_sum(weight, scratch[1]);
  if (threadIdx.x != 0) return;
  if (is_nll) {
    totals[j * terms.G + g] = weight;
    row[terms.first_nll() + j * terms.G + g] = static_cast<T>(weight > 0.0 ? sum / weight : 0.0);
  } else {
    row[(term / terms.C * terms.G + g) * terms.C + term % terms.C] = static_cast<T>(sum);
  }
}

/// One thread a pixel: the gradient of every term for its log-probabilities, then for its logits.
template <class E, class T>
__global__ void backward_kernel(PixelTermsCall<T> terms, const T* log_probs, const double* totals,
                                const T* drow, E* dlogits) {
  const Index i = global_thread(), C = terms.C, G = terms.G;
  if (i >= G * terms.pixels) return;
  const Index g = i / terms.pixels;
  const std::int32_t label = terms.target[i];
  if (label == terms.ignored) {
    for (Index c = 0; c < C; ++c) dlogits[i * C + c] = store<E>(0);
    return;
  }
  T own{0};  // of the cross-entropies, for the pixel's own class
  const T lp = log_probs[i * C + label];
  const T miss = static_cast<T>(-std::expm1(lp));  // 1 - p
  for (int j = 0; j < kMostNll; ++j) {
    if (j >= terms.nll) break;
    const double total = totals[j * G + g];
    if (!(total > 0.0)) continue;
    const T gamma = terms.gamma[j];
    T slope = -focusing(miss, gamma);
    if (gamma > T{0} && miss > T{0}) {
      slope += gamma * focusing(miss, gamma - T{1}) * static_cast<T>(std::exp(lp)) * lp;
    }
    const double factor =
        static_cast<double>(drow[terms.first_nll() + j * G + g]) * terms.scale(j, label) / total;
    own += static_cast<T>(factor * static_cast<double>(slope));
  }
  const auto slope_of = [&](Index c) {
    T slope = label == c ? own : T{0};
    if (terms.counts) {
      const T p = static_cast<T>(std::exp(log_probs[i * C + c]));
      slope +=
          p * (label == c ? drow[g * C + c] - drow[(2 * G + g) * C + c] : drow[(G + g) * C + c]);
    }
    return slope;
  };
  T sum{0};
  for (Index c = 0; c < C; ++c) sum += slope_of(c);
  for (Index c = 0; c < C; ++c) {
    dlogits[i * C + c] =
        store<E>(slope_of(c) - static_cast<T>(std::exp(log_probs[i * C + c])) * sum);
  }
}

}  // namespace

template <class T>
void pixel_terms_forward(const PixelTermsSpec& spec, In<T> logits, In<std::int32_t> target,
                         In<double> factors, View<T> log_probs, View<T> row, View<double> totals,
                         Workspace& workspace) {
  const PixelTermsCall<T> terms(spec, target, factors, logits.size(-1));
  double* parts = workspace.take<double>(terms.G * terms.chunks * terms.sums());
  with_element<T>(logits.storage, [&]<class E>(E) {
    launch({"pixel_terms_forward",
            dim3(static_cast<unsigned>(terms.chunks), static_cast<unsigned>(terms.G)), kThreads},
           add_terms<E, T>, terms, elements<E>(logits), log_probs.data, parts);
  });
  const Index found = (spec.counts ? 3 * terms.C : 0) + spec.nll;
  launch({"pixel_terms_forward", dim3(static_cast<unsigned>(terms.G), static_cast<unsigned>(found)),
          kThreads},
         finish_terms<T>, terms, static_cast<const double*>(parts), row.data, totals.data);
}

template <class T>
void pixel_terms_backward(const PixelTermsSpec& spec, In<T> log_probs, In<std::int32_t> target,
                          In<double> factors, In<double> totals, In<T> drow, View<T> dlogits,
                          Workspace&) {
  const PixelTermsCall<T> terms(spec, target, factors, log_probs.size(-1));
  with_element<T>(dlogits.storage, [&]<class E>(E) {
    launch({"pixel_terms_backward", blocks_for(target.numel()), kThreads}, backward_kernel<E, T>,
           terms, log_probs.data, totals.data, drow.data, elements<E>(dlogits));
  });
}

#include "engine/kernels/pixel_terms/instantiate.h"

}  // namespace dmf::cuda
