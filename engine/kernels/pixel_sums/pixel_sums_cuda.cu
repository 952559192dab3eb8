#include <cmath>

#include "engine/cuda/elements.cuh"
#include "engine/cuda/reduce.cuh"
#include "engine/kernels/pixel_sums/pixel_sums.h"

namespace dmf {
namespace {

using namespace cuda;

/// Sizes and constants of one call.
template <class T>
struct PixelSumsCall {
  /// Pixels that one block adds up; chunks never straddle two groups.
  static constexpr Index kChunk = 2048;

  PixelSumsSpec spec;
  Index G, C, R, pixels, chunks;  // R sums, `pixels` and chunks of a group
  const std::int32_t* labels;
  const double* factors;  // [J, 1 + 2 C]

  PixelSumsCall(const PixelSumsSpec& wanted, In<std::int32_t> given, In<double> numbers,
                Index classes)
      : spec(wanted),
        G(wanted.groups.count(given.shape)),
        C(classes),
        R(wanted.of_group(classes)),
        pixels(G == 0 ? 0 : given.numel() / G),
        chunks((pixels + kChunk - 1) / kChunk),
        labels(given.data),
        factors(numbers.data) {}

  __host__ __device__ TermFactors term(Index j) const { return TermFactors::at(factors, j, C); }
  __host__ __device__ bool counts(std::int32_t label) const {
    return label != spec.groups.ignore_index;
  }
};

/// (1 - p)^gamma, without pow for the exponents in common use
template <class T>
__device__ T focusing(T miss, T gamma) {
  if (gamma == T{0}) return T{1};
  if (gamma == T{1}) return miss;
  if (gamma == T{2}) return miss * miss;
  return std::pow(miss, gamma);
}

/// d/d(log p) of -(1 - p)^gamma log p, p = exp(lp)
template <class T>
__device__ T term_slope(T lp, T gamma) {
  const T miss = static_cast<T>(-std::expm1(lp));  // 1 - p
  T slope = -focusing(miss, gamma);
  if (gamma > T{0} && miss > T{0}) {
    slope += gamma * focusing(miss, gamma - T{1}) * static_cast<T>(std::exp(lp)) * lp;
  }
  return slope;
}

/// The one pass: log_probs, then parts [G, chunks, R + C], each chunk's sums and pixels by label.
template <class E, class T>
__global__ void add_sums(PixelSumsCall<T> call, const E* logits, T* log_probs, double* parts) {
  __shared__ double scratch[3][kThreads / 32];
  const Index group = blockIdx.y, begin = blockIdx.x * call.kChunk, C = call.C;
  const Index end = begin + call.kChunk < call.pixels ? begin + call.kChunk : call.pixels;
  double* mine = parts + (group * call.chunks + blockIdx.x) * (call.R + C);
  for (Index q = begin + threadIdx.x; q < end; q += blockDim.x) {
    const Index i = group * call.pixels + q;
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
  }
  // From here on of the thread's own pixels, which the cache still holds.
  for (Index j = 0; j < call.spec.terms; ++j) {
    const TermFactors term = call.term(j);
    double sum = 0.0;
    for (Index q = begin + threadIdx.x; q < end; q += blockDim.x) {
      const Index i = group * call.pixels + q;
      const std::int32_t label = call.labels[i];
      if (!call.counts(label)) continue;
      const T lp = log_probs[i * C + label];
      const T miss = static_cast<T>(-std::expm1(lp));
      sum -=
          term.scale[label] * static_cast<double>(focusing(miss, static_cast<T>(*term.gamma)) * lp);
    }
    const double total = block_sum(sum, scratch[0]);
    if (threadIdx.x == 0) mine[call.spec.first_term(C) + j] = total;
    __syncthreads();
  }
  for (Index c = 0; c < C; ++c) {
    T tp{0}, fp{0}, fn{0};
    Index pixels = 0;
    for (Index q = begin + threadIdx.x; q < end; q += blockDim.x) {
      const Index i = group * call.pixels + q;
      const std::int32_t label = call.labels[i];
      if (!call.counts(label)) continue;
      const T lp = log_probs[i * C + c];
      if (label == c) {
        tp += std::exp(lp);
        fn -= std::expm1(lp);
        ++pixels;
      } else {
        fp += std::exp(lp);
      }
    }
    const double number = block_sum(static_cast<double>(pixels), scratch[0]);
    if (threadIdx.x == 0) mine[call.R + c] = number;
    __syncthreads();
    if (!call.spec.counts) continue;
    const double all[3] = {static_cast<double>(tp), static_cast<double>(fp),
                           static_cast<double>(fn)};
    for (int k = 0; k < 3; ++k) {
      const double total = block_sum(all[k], scratch[k]);
      if (threadIdx.x == 0) mine[k * C + c] = total;
    }
    __syncthreads();
  }
}

/// One block a group: adds its pixels by label up, chunk after chunk.
template <class T>
__global__ void finish_pixels(PixelSumsCall<T> call, const double* parts, double* pixels) {
  const Index g = blockIdx.x;
  for (Index c = threadIdx.x; c < call.C; c += blockDim.x) {
    double sum = 0.0;
    for (Index chunk = 0; chunk < call.chunks; ++chunk) {
      sum += parts[(g * call.chunks + chunk) * (call.R + call.C) + call.R + c];
    }
    pixels[g * call.C + c] = sum;
  }
}

/// One block a group and a sum of the row: adds its parts up, in order.
template <class T>
__global__ void finish_sums(PixelSumsCall<T> call, const double* parts, const double* pixels,
                            T* row) {
  __shared__ double scratch[kThreads / 32];
  const Index g = blockIdx.x, which = blockIdx.y;
  double sum = 0.0;
  for (Index chunk = threadIdx.x; chunk < call.chunks; chunk += blockDim.x) {
    sum += parts[(g * call.chunks + chunk) * (call.R + call.C) + which];
  }
  sum = block_sum(sum, scratch);
  if (threadIdx.x != 0) return;
  row[call.spec.in_row(which, g, call.G, call.C)] = static_cast<T>(
      quotient(sum, divisor_of(call.spec, which, call.factors, pixels + g * call.C, call.C)));
}

/// What a pixel with this label and log-probability passes to a sum, as `slope` times the gradient
/// of a logarithm: e_class - p. False where it passes nothing.
template <class T>
__device__ bool slope_of(const PixelSumsCall<T>& call, Index sum, std::int32_t label,
                         const T* log_p, Index& of_class, double& slope) {
  const Index j = sum - call.spec.first_term(call.C);
  if (j >= 0) {
    const TermFactors term = call.term(j);
    of_class = label;
    slope = term.scale[label] * term_slope(static_cast<double>(log_p[label]), *term.gamma);
    return true;
  }
  const Index kind = sum / call.C;  // TP, FP, FN
  of_class = sum % call.C;
  if ((kind == 1) == (of_class == label)) return false;
  slope = std::exp(static_cast<double>(log_p[of_class]));
  if (kind == 2) slope = -slope;
  return true;
}

/// One block a group and a pair of sums. With u_c = e_c - p, the gradient of log p_c for the logits,
/// u_a u_b = [a = b] - p_a - p_b + sum p^2.
template <class T>
__global__ void multiply_gradients(PixelSumsCall<T> call, const T* log_probs, const double* pixels,
                                   double* gram) {
  __shared__ double scratch[kThreads / 32];
  const Index pairs = call.R * call.R, pair = blockIdx.x % pairs, C = call.C;
  const Index g = blockIdx.x / pairs, a = pair / call.R, b = pair % call.R;
  double sum = 0.0;
  for (Index q = threadIdx.x; q < call.pixels; q += blockDim.x) {
    const Index i = g * call.pixels + q;
    const std::int32_t label = call.labels[i];
    const T* log_p = log_probs + i * C;
    Index class_a = 0, class_b = 0;
    double slope_a = 0.0, slope_b = 0.0;
    if (!call.counts(label) || !slope_of(call, a, label, log_p, class_a, slope_a) ||
        !slope_of(call, b, label, log_p, class_b, slope_b)) {
      continue;
    }
    double squares = class_a == class_b ? 1.0 : 0.0;
    for (Index c = 0; c < C; ++c) squares += std::exp(2.0 * static_cast<double>(log_p[c]));
    sum += slope_a * slope_b *
           (squares - std::exp(static_cast<double>(log_p[class_a])) -
            std::exp(static_cast<double>(log_p[class_b])));
  }
  sum = block_sum(sum, scratch);
  if (threadIdx.x != 0) return;
  const double* of_group = pixels + g * C;
  gram[(g * call.R + a) * call.R + b] =
      quotient(quotient(sum, divisor_of(call.spec, a, call.factors, of_group, C)),
               divisor_of(call.spec, b, call.factors, of_group, C));
}

/// One thread a pixel: the gradient of every sum for its log-probabilities, then for its logits.
template <class E, class T>
__global__ void backward_kernel(PixelSumsCall<T> call, const T* log_probs, const double* pixels,
                                const T* drow, E* dlogits) {
  const Index i = global_thread(), C = call.C, G = call.G;
  if (i >= G * call.pixels) return;
  const Index g = i / call.pixels;
  const std::int32_t label = call.labels[i];
  if (!call.counts(label)) {
    for (Index c = 0; c < C; ++c) dlogits[i * C + c] = store<E>(0);
    return;
  }
  T own{0};  // of the cross-entropies, for the pixel's own class
  const T lp = log_probs[i * C + label];
  for (Index j = 0; j < call.spec.terms; ++j) {
    const TermFactors term = call.term(j);
    const auto dterm =
        static_cast<double>(drow[call.spec.in_row(call.spec.first_term(C) + j, g, G, C)]);
    const double factor = quotient(dterm * term.scale[label], term.denominator(pixels + g * C, C));
    own +=
        static_cast<T>(factor * static_cast<double>(term_slope(lp, static_cast<T>(*term.gamma))));
  }
  const auto slope_of_class = [&](Index c) {
    T slope = label == c ? own : T{0};
    if (call.spec.counts) {
      const T p = static_cast<T>(std::exp(log_probs[i * C + c]));
      slope +=
          p * (label == c ? drow[g * C + c] - drow[(2 * G + g) * C + c] : drow[(G + g) * C + c]);
    }
    return slope;
  };
  T sum{0};
  for (Index c = 0; c < C; ++c) sum += slope_of_class(c);
  for (Index c = 0; c < C; ++c) {
    dlogits[i * C + c] =
        store<E>(slope_of_class(c) - static_cast<T>(std::exp(log_probs[i * C + c])) * sum);
  }
}

/// One thread a group: there are as many as images, and a few classes in each.
template <class T>
__global__ void share_classes(ClassSharing sharing, Index G, Index C, const double* pixels,
                              const double* factors, T* shares, double* weights) {
  const Index g = global_thread();
  if (g >= G) return;
  class_shares_of(sharing, pixels + g * C, factors, C, G, weights + g * C, shares + g * C);
}

template <class T>
class CudaPixelSums final : public PixelSumsKernels<T> {
 public:
  void forward(const PixelSumsSpec& spec, In<T> logits, In<std::int32_t> labels, In<double> factors,
               View<T> log_probs, View<T> row, View<double> pixels, View<double> gram,
               Workspace& workspace) const override {
    const PixelSumsCall<T> call(spec, labels, factors, logits.size(-1));
    double* parts = workspace.take<double>(call.G * call.chunks * (call.R + call.C));
    const auto groups = static_cast<unsigned>(call.G), sums = static_cast<unsigned>(call.R);
    with_element<T>(logits.storage, [&]<class E>(E) {
      launch({"pixel_sums_forward", dim3(static_cast<unsigned>(call.chunks), groups), kThreads},
             add_sums<E, T>, call, elements<E>(logits), log_probs.data, parts);
    });
    launch({"pixel_sums_forward", dim3(groups), kThreads}, finish_pixels<T>, call,
           static_cast<const double*>(parts), pixels.data);
    launch({"pixel_sums_forward", dim3(groups, sums), kThreads}, finish_sums<T>, call,
           static_cast<const double*>(parts), static_cast<const double*>(pixels.data), row.data);
    if (!gram) return;
    launch({"pixel_sums_forward", dim3(groups * sums * sums), kThreads}, multiply_gradients<T>,
           call, static_cast<const T*>(log_probs.data), static_cast<const double*>(pixels.data),
           gram.data);
  }

  void backward(const PixelSumsSpec& spec, In<T> log_probs, In<std::int32_t> labels,
                In<double> factors, In<double> pixels, In<T> drow, View<T> dlogits) const override {
    const PixelSumsCall<T> call(spec, labels, factors, log_probs.size(-1));
    with_element<T>(dlogits.storage, [&]<class E>(E) {
      launch({"pixel_sums_backward", blocks_for(labels.numel()), kThreads}, backward_kernel<E, T>,
             call, log_probs.data, pixels.data, drow.data, elements<E>(dlogits));
    });
  }

  void class_shares(ClassSharing sharing, In<double> pixels, In<double> factors, View<T> shares,
                    Workspace& workspace) const override {
    const Index G = pixels.size(0), C = pixels.size(1);
    launch({"class_shares", blocks_for(G), kThreads}, share_classes<T>, sharing, G, C, pixels.data,
           factors.data, shares.data, workspace.take<double>(G * C));
  }
};

}  // namespace

template <class T>
const PixelSumsKernels<T>& PixelSumsKernels<T>::cuda() {
  static const CudaPixelSums<T> kernels{};
  return kernels;
}
template const PixelSumsKernels<float>& PixelSumsKernels<float>::cuda();
template const PixelSumsKernels<double>& PixelSumsKernels<double>::cuda();

}  // namespace dmf
